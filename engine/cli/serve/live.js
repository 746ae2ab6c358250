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
  // The server says something every 15 seconds. Without a network nobody says that it is gone, and a phone that slept has missed it.
  const silence = 40000;
  let heard = 0;
  const hear = () => { heard = Date.now(); lost.hidden = true; };
  const follow = () => {
    if (events) events.close();
    events = new EventSource(at);
    heard = Date.now();
    events.addEventListener("news", take);
    for (const name of ["open", "here", "news"]) events.addEventListener(name, hear);
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
      // Whoever has a keyboard and no mouse stands there still.
      const stands = old && old.contains(document.activeElement);
      if (old) old.replaceWith(fresh); else rows.append(fresh);
      if (stands) fresh.querySelector("a").focus({ preventScroll: true });
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
  setInterval(() => {
    if (events.readyState === EventSource.CLOSED || Date.now() - heard < silence) return;
    lost.hidden = false;
    follow();
  }, 1000);
  window.addEventListener("pagehide", () => events.close());
  // Back by the button of the browser: the page is as it was left.
  window.addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
})();
