// Forms of the primer answer in place: the page that comes back is the whole chapter, and of it the part with the form
// takes the place of the present one. Without this file the browser loads that page, which says the same.

const ask = async (form, part, more = {}) => {
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html", ...more } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.getElementById(part.id);
  if (!found) throw new Error("another page came back");
  return { found, isGood: answer.ok };
};

addEventListener("submit", async (event) => {
  const form = event.target;
  const part = form.closest("[data-part]");
  if (!form.matches("[data-in-place]") || !part?.id || event.defaultPrevented) return;
  event.preventDefault();
  const asked = ask(form, part); // before the buttons: what is disabled is not sent
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  part.setAttribute("aria-busy", "true");
  try {
    const { found } = await asked;
    part.replaceWith(found);
    (found.querySelector(".errors, .outcome") ?? found).focus();
    watch(found);
  } catch {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    form.submit(); // logged out meanwhile, or no connection: the browser shows what there is to say
  }
});

// A job that is being watched: its form is sent again and again while it is not over, for two minutes at most, and not
// while nobody sees the page. Somebody has thirty experiments a minute; this takes twenty, so that it never uses them
// up. What nobody pressed is no story for the x-ray, which leaves these requests out.
const EVERY = 3000;
const BY_ITSELF = { "X-By-Itself": "1" };
const AT_MOST = 120_000;

const watch = async (part) => {
  const outcome = part.querySelector(".outcome");
  if (!outcome?.querySelector("[data-watching]")) return;
  const news = announcer(part, outcome);
  for (const end = Date.now() + AT_MOST; Date.now() < end; ) {
    showHow(outcome, true);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
    if (document.hidden) continue;
    const answer = await ask(part.querySelector("form"), part, BY_ITSELF).catch(() => null);
    if (!part.isConnected) return; // the button was pressed, and another one watches
    const fresh = answer?.isGood && answer.found.querySelector(".outcome");
    if (!fresh) break;
    refresh(outcome, fresh);
    news();
    if (!outcome.querySelector("[data-watching]")) return;
  }
  showHow(outcome, false);
};

// Only what is new is read aloud, not the whole of it every few seconds.
const announcer = (part, outcome) => {
  const read = () => outcome.querySelector("[data-news]")?.dataset.news;
  const spoken = document.createElement("p");
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  part.append(spoken);
  outcome.removeAttribute("role");
  let said = read();
  return () => {
    if (read() !== said) spoken.textContent = said = read();
  };
};

const showHow = (outcome, byItself) => {
  for (const one of outcome.querySelectorAll("[data-by-hand]")) one.hidden = byItself;
  for (const one of outcome.querySelectorAll("[data-by-itself]")) one.hidden = !byItself;
};

const refresh = (outcome, fresh) => {
  const isInside = outcome !== document.activeElement && outcome.contains(document.activeElement);
  outcome.replaceChildren(...fresh.childNodes);
  if (isInside) (outcome.querySelector("[tabindex]") ?? outcome).focus({ preventScroll: true });
};

for (const part of document.querySelectorAll("[data-part]")) watch(part);
