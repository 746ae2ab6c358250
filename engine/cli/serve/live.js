// Keeps the page of a run up to date. Without it the page says the same, and is loaded again by hand.
"use strict";
(() => {
  const view = document.querySelector("[data-events]");
  if (!view || !window.EventSource) return;
  const rows = document.getElementById("rows");
  const standing = document.getElementById("standing");
  const news = document.getElementById("news");
  const lost = document.getElementById("lost");
  const manual = document.getElementById("manual");
  if (manual) manual.hidden = true;
  // The server has made every text safe; nothing in it can run (see the content security policy).
  const made = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  let events = null;
  let at = view.dataset.events;
  const follow = () => {
    if (events) events.close();
    events = new EventSource(at);
    events.addEventListener("news", take);
    events.addEventListener("open", () => { lost.hidden = true; });
    events.addEventListener("error", () => {
      // What stands here may be old: nobody is to take it for what is.
      lost.hidden = false;
      // A browser comes again by itself, but not after an answer: of a proxy whose server was away, or of one that has forgotten us.
      if (events.readyState === EventSource.CLOSED) setTimeout(follow, 5000);
    });
  };
  const take = (event) => {
    const told = JSON.parse(event.data);
    at = at.replace(/after=\d+/, `after=${told.records}`);
    for (const row of told.rows) {
      const fresh = made(row.html);
      const old = document.getElementById(row.id);
      if (old) old.replaceWith(fresh); else rows.append(fresh);
    }
    if (told.standing) standing.replaceChildren(made(told.standing));
    if (told.turn === view.dataset.turn) return;
    // Something is asked or offered now that this page does not have. Nobody who is typing, or has typed, loses what they typed.
    const fields = [...document.querySelectorAll("main input")];
    const typed = (field) => field === document.activeElement || field.value !== field.defaultValue || field.checked !== field.defaultChecked;
    if (fields.some(typed)) news.hidden = false;
    else { events.close(); location.reload(); }
  };
  follow();
  window.addEventListener("pagehide", () => events.close());
  // Back by the button of the browser: the page is as it was left.
  window.addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
})();
