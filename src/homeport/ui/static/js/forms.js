// Makes forms nicer; every one of them works without it.
//   data-reveal          on a password input: a button that shows what is typed
//   data-confirm-leave   on a form: the browser asks before typed text is lost
// An error summary takes the focus when the page opens, so that it is the first thing read aloud.

for (const input of document.querySelectorAll("input[data-reveal]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Show";
  button.setAttribute("aria-label", "Show what is typed");
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = shown ? "Show" : "Hide";
    button.setAttribute("aria-pressed", String(!shown));
  });
  // a password must not stay readable, nor be kept by the browser as plain text
  input.form?.addEventListener("submit", () => { input.type = "password"; });
  const box = document.createElement("div");
  box.className = "with-button";
  input.replaceWith(box);
  box.append(input, button);
}

for (const form of document.querySelectorAll("form[data-confirm-leave]")) {
  const snapshot = () => JSON.stringify([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const before = snapshot();
  let leaving = false;
  form.addEventListener("submit", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });
  addEventListener("beforeunload", (event) => {
    if (!leaving && snapshot() !== before) event.preventDefault();
  });
}

document.getElementById("errors")?.focus();
