// Makes the editor safer and quicker; it works without. Attributes of the form:
//   data-keep="3-post-12"           unsaved text of person 3 is kept in this browser and offered again after a crash
//   data-unsaved                    the form shows text that the server has not stored: what is kept stays kept
//   data-longest="1000000"          on the text: a longer one is not sent, since the server would not take it in
//   data-preview="/write/preview"   this address answers a POST of the form with the text as HTML, to be shown beside it
// The words are counted below the text.
// Ctrl+S (or Cmd+S) presses the form's first button. Logging out forgets what was kept.

const PREFIX = "homeport-kept:";

// a password that is being shown is a text field too: it is never kept
const KEPT_FIELDS = "input[type=text][name]:not([data-reveal]), input:not([type])[name], textarea[name]";

function texts(form) {
  return [...form.elements].filter((field) => field.matches(KEPT_FIELDS));
}

function values(form) {
  return Object.fromEntries(texts(form).map((field) => [field.name, field.value]));
}

function later(wait, action) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };
}

function makeButton(text, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = text;
  button.addEventListener("click", action);
  return button;
}

// localStorage throws where the person has switched it off
function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch { /* then nothing is kept, and the warning before leaving remains */ }
}

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function offer(form, kept, key) {
  const note = document.createElement("div");
  note.className = "kept-note";
  note.setAttribute("role", "status");
  const when = new Date(kept.at).toLocaleString(document.documentElement.lang);
  const words = document.createElement("p");
  words.textContent = `This browser still has text from ${when} that was not saved.`;
  const actions = document.createElement("p");
  actions.className = "actions";
  actions.append(
    makeButton("Use that text", () => {
      for (const field of texts(form)) {
        if (field.name in kept.values) field.value = kept.values[field.name];
      }
      note.remove();
      form.querySelector("textarea")?.focus();
    }),
    makeButton("Throw it away", () => { store(key, null); note.remove(); }),
  );
  note.append(words, actions);
  form.before(note);
}

// The server tidies tags, addresses and blanks; of what people write it keeps every word.
function essence(texts) {
  return JSON.stringify(["title", "body", "summary"].map((name) => (texts[name] ?? "").replace(/\s+/g, " ").trim()));
}

function keep(form) {
  const key = PREFIX + form.dataset.keep;
  const original = values(form);
  // A new post is kept under its person's "new" until it is saved and so has a page of its own.
  const keys = [key, PREFIX + form.dataset.keep.split("-")[0] + "-new"];
  for (const one of keys) {
    const saved = stored(one) && essence(stored(one).values) === essence(original);
    if (saved && !("unsaved" in form.dataset)) store(one, null);
  }
  const kept = stored(key);
  if (kept && essence(kept.values) !== essence(original)) offer(form, kept, key);
  form.addEventListener("input", later(500, () => store(key, { at: Date.now(), values: values(form) })));
}

function count(form) {
  const source = form.querySelector("textarea.source");
  if (!source) return;
  const place = document.createElement("p");
  place.className = "meta word-count";
  const longest = Number(source.dataset.longest ?? Infinity);
  const show = () => {
    const excess = [...source.value].length - longest;
    source.setCustomValidity(excess > 0 ? `This text has ${excess} characters too many. Divide it into several posts.` : "");
    const words = source.value.trim().split(/\s+/).filter(Boolean).length;
    place.textContent = words === 1 ? "1 word" : `${words.toLocaleString(document.documentElement.lang)} words`;
  };
  source.addEventListener("input", later(300, show));
  form.querySelector(".editor-actions").before(place);
  show();
}

function preview(form) {
  const source = form.querySelector("textarea.source") ?? form.querySelector("textarea");
  const place = document.createElement("div");
  place.className = "live-preview prose";
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", "Preview");
  place.tabIndex = 0;
  place.hidden = true;
  let asked = 0;
  const show = async () => {
    if (place.hidden) return;
    const mine = ++asked;
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (mine !== asked) return;
    if (answer?.ok) place.innerHTML = await answer.text(); // sanitised by the server, as the published text is
    else place.textContent = "The preview could not be made. Your text is still here; try again in a moment.";
  };
  const toggle = makeButton("Preview while writing", () => {
    place.hidden = !place.hidden;
    form.classList.toggle("with-preview", !place.hidden);
    toggle.setAttribute("aria-pressed", String(!place.hidden));
    show();
  });
  toggle.setAttribute("aria-pressed", "false");
  source.addEventListener("input", later(400, show));
  source.closest(".field").before(toggle);
  source.closest(".field").after(place);
}

for (const form of document.querySelectorAll("form[data-keep]")) keep(form);
for (const form of document.querySelectorAll("form[data-preview]")) preview(form);
for (const form of document.querySelectorAll("form.editor")) count(form);

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("button[type=submit]"));
});

document.querySelector("form[action='/logout']")?.addEventListener("submit", () => {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch { /* nothing was kept */ }
});
