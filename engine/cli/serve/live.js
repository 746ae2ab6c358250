// Keeps the page of a run up to date. Without it the page says the same, and is loaded again by hand.
"use strict";
(() => {
  const view = document.querySelector("[data-events]");
  if (!view || !window.EventSource) return;
  const rows = document.getElementById("rows");
  const standing = document.getElementById("standing");
  const news = document.getElementById("news");
  const manual = document.getElementById("manual");
  if (manual) manual.hidden = true;
  // The server has made every text safe; nothing in it can run (see the content security policy).
  const made = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const events = new EventSource(view.dataset.events);
  events.addEventListener("news", (event) => {
    const told = JSON.parse(event.data);
    for (const row of told.rows) {
      const fresh = made(row.html);
      const old = document.getElementById(row.id);
      if (old) old.replaceWith(fresh); else rows.append(fresh);
    }
    if (told.standing) standing.replaceChildren(made(told.standing));
    if (told.turn === view.dataset.turn) return;
    // Something is asked or offered now that this page does not have. Nobody who is typing loses what they typed.
    const at = document.activeElement;
    if (at && ["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName)) news.hidden = false;
    else { events.close(); location.reload(); }
  });
  window.addEventListener("pagehide", () => events.close());
})();
