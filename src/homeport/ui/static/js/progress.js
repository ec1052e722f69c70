// While something is being worked on (`data-work="waits"`): looks again every two seconds and shows how far it
// is, without loading the page anew. A screen reader is told when it is done, and not of every step.
const part = document.querySelector("[data-work]");

async function look() {
  const answer = await fetch(location.href).catch(() => null);
  if (answer?.redirected) return location.reload(); // somebody has to show who they are
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const fresh = page?.querySelector("[data-work]");
  if (fresh?.dataset.work === "waits") {
    part.querySelector(".progress").replaceWith(fresh.querySelector(".progress"));
  } else if (fresh) {
    const status = part.querySelector("[role=status]");
    status.replaceChildren(...fresh.querySelector("[role=status]").childNodes);
    fresh.querySelector("[role=status]").remove();
    part.replaceChildren(status, ...fresh.childNodes);
    part.dataset.work = "settled";
  }
  if (part.dataset.work === "waits") setTimeout(look, 2000);
}

if (part?.dataset.work === "waits") setTimeout(look, 1000);
