// Forms of the primer answer in place: the page that comes back is the whole chapter, and of it the part with the form
// takes the place of the present one. Without this file the browser loads that page, which says the same.

addEventListener("submit", async (event) => {
  const form = event.target;
  const part = form.closest("[data-part]");
  if (!form.matches("[data-in-place]") || !part?.id || event.defaultPrevented) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  part.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById(part.id);
    if (!found) throw new Error("another page came back");
    part.replaceWith(found);
    (found.querySelector(".errors, .outcome") ?? found).focus();
  } catch {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    form.submit(); // logged out meanwhile, or no connection: the browser shows what there is to say
  }
});
