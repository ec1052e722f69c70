// Links from elsewhere still name a heading as another program did: #let-chains. Ids of a text begin with c- here, so that
// none can stand in the way of the page's own. Without scripts such a link leads to the top of the right page.
function arrive() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted && !document.getElementById(wanted)) document.getElementById(`c-${wanted}`)?.scrollIntoView();
}
addEventListener("hashchange", arrive);
arrive();
