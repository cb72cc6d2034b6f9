// What can be seen to by a program of WCAG 2.2 AA; evaluates to a list of what is wrong. The number behind a rule is the
// success criterion.
(() => {
  const wrong = [];
  const say = (rule, element) => wrong.push(`${rule}: ${element ? element.outerHTML.slice(0, 160) : ""}`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (e) => e.checkVisibility() && e.getClientRects().length > 0;

  if (!document.documentElement.lang) say("3.1.1 no language", document.documentElement);
  if (!document.title.trim()) say("2.4.2 no title");
  if (all("main").length !== 1) say("1.3.1 not one main");
  if (all("h1").length !== 1) say("1.3.1 not one h1");
  let level = 0;
  for (const h of all("h1,h2,h3,h4,h5,h6")) {
    const n = Number(h.tagName[1]);
    if (n > level + 1) say("1.3.1 a heading level is skipped", h);
    if (!h.textContent.trim()) say("2.4.6 empty heading", h);
    level = n;
  }
  const ids = new Set();
  for (const e of all("[id]")) { if (ids.has(e.id)) say("4.1.2 doubled id", e); ids.add(e.id); }
  for (const e of all("input:not([type=hidden]), select, textarea, progress"))
    if (!e.labels?.length && !e.getAttribute("aria-label")) say("1.3.1 no label", e);
  for (const e of all("button, a[href], summary"))
    if (!(e.textContent.trim() || e.getAttribute("aria-label"))) say("4.1.2 no name", e);
  for (const e of all("a[href]")) if (/^(here|click here|more|link)$/i.test(e.textContent.trim())) say("2.4.4 link says nothing", e);
  for (const e of all("iframe")) if (!e.title) say("4.1.2 frame without title", e);
  for (const e of all("img")) if (!e.hasAttribute("alt")) say("1.1.1 no alternative", e);
  for (const e of all("svg")) {
    const hidden = e.getAttribute("aria-hidden") === "true";
    const named = e.getAttribute("role") === "img" && (e.getAttribute("aria-labelledby") || "").split(" ").every((i) => document.getElementById(i)?.textContent);
    if (!hidden && !named) say("1.1.1 picture without a name", e);
  }
  for (const t of all("table")) {
    if (!t.caption) say("1.3.1 table without caption", t);
    for (const th of t.querySelectorAll("th")) if (!th.scope) say("1.3.1 header without scope", th);
  }
  for (const e of all("[aria-describedby], [aria-labelledby]"))
    for (const id of `${e.getAttribute("aria-describedby") || ""} ${e.getAttribute("aria-labelledby") || ""}`.trim().split(/\s+/))
      if (!document.getElementById(id)) say("4.1.2 points to nothing", e);
  for (const e of all("*"))
    if (shown(e) && e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX) && e.tabIndex < 0)
      say("2.1.1 scrolls but has no focus", e);
  for (const e of all("button, input:not([type=hidden]), summary, nav a")) {
    const box = e.getBoundingClientRect();
    if (shown(e) && (box.width < 24 || box.height < 24)) say(`2.5.8 target of ${box.width}x${box.height}`, e);
  }

  // Contrast, as computed: the colour of the text over the first background that is opaque.
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !shown(e)) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const colour = e.closest("svg") ? style.fill : style.color;
    const is = ratio(parts(colour), behind(e));
    if (is < (large ? 3 : 4.5)) say(`1.4.3 contrast ${is.toFixed(2)}`, e);
  }
  for (const e of all("input[type=text], input[type=password]")) {
    const is = ratio(parts(getComputedStyle(e).borderTopColor), behind(e.parentElement));
    if (is < 3) say(`1.4.11 border contrast ${is.toFixed(2)}`, e);
  }
  for (const e of all("svg rect, svg polyline")) {
    const style = getComputedStyle(e), colour = e.matches("polyline") ? style.stroke : style.fill;
    if (e.closest("[aria-hidden]")) continue;
    const is = ratio(parts(colour), behind(e.closest("svg")));
    if (is < 3) say(`1.4.11 plot contrast ${is.toFixed(2)}`, e);
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = all("body *").filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")).slice(0, 3);
    say(`1.4.10 scrolls sideways: ${document.documentElement.scrollWidth} > ${innerWidth}`, wide[0]);
  }
  return wrong;
})()
