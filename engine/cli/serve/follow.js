// Keeps an output up to date while its command runs. Without it the page shows what there was, and is loaded again by hand.
"use strict";
(() => {
  const output = document.querySelector("[data-follow]");
  if (!output) return;
  const span = document.getElementById("span");
  let at = Number(output.dataset.at);
  let shown = 0;
  const look = async () => {
    const answer = await fetch(`${output.dataset.follow}?from=${at}`).catch(() => null);
    if (!answer || !answer.ok) {
      if (span) span.textContent = `up to byte ${at}; nothing is heard of it at the moment: load the page again`;
      setTimeout(look, 5000);
      return;
    }
    const told = await answer.json();
    const last = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 40;
    // As text, never as HTML.
    output.append(told.text);
    shown += told.text.length;
    // Of half of a character nothing comes, until its other half is there.
    const more = told.to > at && told.to < told.size;
    at = told.to;
    if (span) span.textContent = `up to byte ${told.to} of ${told.size}`;
    if (last && told.text) window.scrollTo(0, document.documentElement.scrollHeight);
    // A phone holds no gigabyte: from here on the pieces are turned by hand.
    if (shown > 2000000) location.href = `${location.pathname}?from=${told.from}`;
    else if (told.grows || told.to < told.size) setTimeout(look, more ? 0 : 1000);
    else location.reload();
  };
  setTimeout(look, 500);
})();
