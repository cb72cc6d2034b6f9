// Keeps a status page up to date: fetches the same page and takes its <main>. Without script the page has a link that
// does the same by reloading. The reader can stop it (WCAG 2.2.2).
"use strict";
(() => {
  const main = document.querySelector("main[data-live]");
  if (!main || !window.fetch) return;
  const seconds = Number(main.dataset.live);
  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("tocsin", { createHTML: (html) => html }) : { createHTML: (html) => html };
  let on = true, timer = 0;
  const box = document.createElement("p");
  const button = document.createElement("button");
  const said = document.createElement("span");
  box.className = "live";
  button.type = "button";
  button.className = "plain";
  said.setAttribute("role", "status");
  box.append(button, " ", said);
  main.before(box);
  function show() { button.textContent = on ? "Stop updating" : "Keep up to date"; }
  async function look() {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error", cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
      const next = fresh.querySelector("main");
      const open = [...main.querySelectorAll("details")].map((d) => d.open);
      if (next) main.replaceChildren(...next.childNodes);
      main.querySelectorAll(".no-script").forEach((e) => e.remove());
      main.querySelectorAll("details").forEach((d, i) => { d.open = Boolean(open[i]); });
      said.textContent = "";
    } catch {
      said.textContent = "The last update failed; trying again.";
    }
    plan();
  }
  function plan() {
    clearTimeout(timer);
    if (on) timer = setTimeout(look, seconds * 1000);
  }
  button.addEventListener("click", () => { on = !on; show(); plan(); });
  document.querySelectorAll(".no-script").forEach((e) => e.remove());
  show();
  plan();
})();
