// Makes a page live: asks for its main part again, and puts in what has changed. Without it, every page works by reloading.
"use strict";
(() => {
  const main = document.getElementById("main"), news = document.getElementById("news");
  let every = Number(main.dataset.every), etag = "", timer = 0, away = null, said = line();

  function line() {
    const found = main.querySelector(".sentence");
    return found ? found.textContent.trim() : "";
  }
  function tell(text) { if (news.textContent !== text) news.textContent = text; }
  function plan() {
    clearTimeout(timer);
    if (every > 0 && !document.hidden) timer = setTimeout(ask, every * 1000);
  }
  function isBusy() {
    const at = document.activeElement, selected = getSelection();
    return (main.contains(at) && at.matches("input, select, textarea")) || (selected && !selected.isCollapsed && main.contains(selected.anchorNode));
  }
  function put(part, text) {
    const open = [...part.querySelectorAll("details[open]")].map((d) => d.id), held = document.activeElement;
    const href = held && part.contains(held) ? held.getAttribute("href") : null, left = [...part.querySelectorAll(".scroll")].map((s) => s.scrollLeft);
    part.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    open.forEach((id) => { const d = id && document.getElementById(id); if (d) d.open = true; });
    part.querySelectorAll(".scroll").forEach((s, i) => { s.scrollLeft = left[i] || 0; });
    if (href) { const again = [...part.querySelectorAll("a")].find((a) => a.getAttribute("href") === href); if (again) again.focus({ preventScroll: true }); }
    watch(part);
  }
  async function get(where, headers) {
    return fetch(where, { headers: { "X-Regen-Fragment": "main", ...headers }, cache: "no-store", credentials: "same-origin" });
  }
  async function ask() {
    try {
      const answer = await get(location.href, etag ? { "If-None-Match": etag } : {});
      if (answer.status === 403 || answer.status === 401) { tell("The session is over: open the link that the console printed."); every = 0; return; }
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      if (away) { away = null; tell(""); }
      every = Number(answer.headers.get("X-Regen-Every") || every);
      if (answer.status !== 304 && !isBusy()) {
        put(main, await answer.text());
        etag = answer.headers.get("ETag") || "";
        const now = line();
        if (now !== said) { said = now; tell(now); }
      }
    } catch (error) {
      away = away || new Date();
      tell(`The console does not answer since ${away.toLocaleTimeString()}; what you see is of then.`);
    } finally { plan(); }
  }
  function watch(part) {
    part.querySelectorAll("form[data-once]").forEach((form) => form.addEventListener("submit", () => {
      form.querySelector("button[type=submit]").disabled = true;
    }));
    part.querySelectorAll("form[data-preview]").forEach((form) => form.addEventListener("change", async () => {
      if (!form.checkValidity()) return;
      const where = `${location.pathname}?${new URLSearchParams(new FormData(form))}`;
      try {
        const page = new DOMParser().parseFromString(await (await get(where, {})).text(), "text/html");
        const fresh = page.getElementById("preview");
        if (fresh) { history.replaceState(null, "", where); put(document.getElementById("preview"), fresh.innerHTML); }
      } catch (error) { tell("The preview could not be refreshed: press Preview."); }
    }));
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden && every > 0) ask(); else plan(); });
  addEventListener("pageshow", (event) => { if (event.persisted) document.querySelectorAll("form[data-once] button").forEach((b) => { b.disabled = false; }); });
  watch(main);
  plan();
})();
