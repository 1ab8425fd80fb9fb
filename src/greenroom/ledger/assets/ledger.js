"use strict";
(() => {
  const root = document.documentElement;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* Light and dark; where nothing can be kept, the choice holds for this page. */
  const KEPT = "greenroom-theme";
  const remember = (theme) => { try { localStorage.setItem(KEPT, theme); } catch { /* no storage here */ } };
  const remembered = () => { try { return localStorage.getItem(KEPT); } catch { return null; } };
  const themes = find("#theme");
  const dress = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme;
  };
  const known = remembered();
  const chosen = known && all("input", themes).find((input) => input.value === known);
  if (chosen) { chosen.checked = true; dress(known); }
  themes.addEventListener("change", (event) => { dress(event.target.value); remember(event.target.value); });
  themes.hidden = false;

  /* What there is to filter; the words of an entry are read when they are searched for the first time. */
  const form = find("#filter");
  const search = find("#search");
  const output = find("#found");
  const selects = all("select", form);
  const groups = all("[data-group]").map((element) => ({ element, visible: 0, was: element.open }));
  const groupOf = new Map(groups.map((group) => [group.element, group]));
  const sections = all("main > section").map((element) => ({
    element, visible: 0, total: 0, nothing: find(":scope > .nothing", element),
    counts: [find("[data-count]", element), find(`nav [data-for="${element.id}"]`)].filter(Boolean),
  }));
  const sectionOf = new Map(sections.map((section) => [section.element, section]));
  const entries = all("[data-entry]").map((element) => {
    const section = sectionOf.get(element.closest("main > section"));
    section.total += 1;
    return { element, section, group: groupOf.get(element.parentElement.closest("[data-group]")), words: null, shown: true };
  });
  const wordsOf = (entry) => {
    if (entry.words === null) {
      const heading = entry.group && find("summary", entry.group.element);
      entry.words = `${entry.element.textContent} ${heading && heading.parentElement === entry.group.element ? heading.textContent : ""}`.toLowerCase();
    }
    return entry.words;
  };
  const number = new Intl.NumberFormat("en");
  const OPENED = 400;
  let active = false;

  const apply = () => {
    const words = [...search.value.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map(([word, phrase]) => phrase ?? word);
    const facets = selects.filter((select) => select.value).map((select) => [select.name, select.value]);
    const fits = (entry) => facets.every(([name, value]) => {
      const held = entry.element.dataset[name];
      return held !== undefined && (held === value || (name !== "file" && name !== "class" && held.split(" ").includes(value)));
    });
    const filtering = words.length > 0 || facets.length > 0;
    if (filtering && !active) for (const group of groups) group.was = group.element.open;
    for (const part of [...groups, ...sections]) part.visible = 0;
    let visible = 0;
    for (const entry of entries) {
      const shown = fits(entry) && (words.length === 0 || words.every((word) => wordsOf(entry).includes(word)));
      if (shown !== entry.shown) { entry.element.hidden = !shown; entry.shown = shown; }
      if (shown) {
        visible += 1;
        entry.section.visible += 1;
        if (entry.group) entry.group.visible += 1;
      }
    }
    for (const group of groups) {
      group.element.hidden = group.visible === 0;
      if (filtering) { if (visible <= OPENED && group.visible) group.element.open = true; } else if (active) group.element.open = group.was;
    }
    for (const section of sections) {
      section.nothing.hidden = !(filtering && section.total > 0 && section.visible === 0);
      const count = section.visible === section.total ? number.format(section.total) : `${number.format(section.visible)} of ${number.format(section.total)}`;
      if (section.total > 0) for (const place of section.counts) place.textContent = count;
    }
    for (const select of selects) select.classList.toggle("set", Boolean(select.value));
    output.textContent = filtering ? `${number.format(visible)} of ${number.format(entries.length)} entries` : `${number.format(entries.length)} entries`;
    active = filtering;
    paint(words);
  };

  /* The words that were searched for, marked where they stand; of very many entries the first. */
  const PAINTED = 150;
  const paint = (words) => {
    if (!("highlights" in CSS)) return;
    CSS.highlights.delete("found");
    if (words.length === 0) return;
    const ranges = [];
    for (const entry of entries.filter((one) => one.shown).slice(0, PAINTED)) {
      const walker = document.createTreeWalker(entry.element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.data.toLowerCase();
        for (const word of words) {
          for (let at = text.indexOf(word); at >= 0 && at + word.length <= node.length; at = text.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  };

  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(apply, 90); };
  search.addEventListener("input", soon);
  for (const select of selects) select.addEventListener("change", apply);
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("reset", () => setTimeout(apply, 0));
  form.hidden = false;
  const measure = () => root.style.setProperty("--top", getComputedStyle(form).position === "sticky" ? `${form.offsetHeight}px` : "0px");
  new ResizeObserver(measure).observe(form);

  /* Links to what is folded or filtered away open it. */
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) { form.reset(); apply(); }
    for (let at = target; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
    const heading = target instanceof HTMLDetailsElement && find("summary", target);
    if (heading) heading.focus({ preventScroll: true });
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);

  /* Keys: find, clear, and go from finding to finding. */
  const typing = (element) => element instanceof HTMLElement && (element.matches("input[type=search], select, textarea") || element.isContentEditable);
  const step = (by) => {
    const heads = all(".finding:not([hidden]) > summary").filter((head) => !head.closest("[hidden]"));
    const at = heads.indexOf(document.activeElement);
    const next = heads[at < 0 ? (by > 0 ? 0 : heads.length - 1) : Math.min(heads.length - 1, Math.max(0, at + by))];
    if (next) { next.focus({ preventScroll: true }); next.scrollIntoView({ block: "center" }); }
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && form.contains(document.activeElement)) { form.reset(); return; }
    if (typing(document.activeElement)) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
  });

  /* On paper everything is open. */
  let closed = [];
  addEventListener("beforeprint", () => { closed = all("details:not([open])"); for (const one of closed) one.open = true; });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; closed = []; });

  measure();
  apply();
  reveal();
})();
