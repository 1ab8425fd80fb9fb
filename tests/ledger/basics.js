() => {
  const problems = [];
  const name = (element) => element.getAttribute('aria-label') || [...(element.labels || [])].map((label) => label.textContent).join(' ') || element.textContent;
  for (const element of document.querySelectorAll('input, select, button, a, summary')) if (!name(element).trim()) problems.push(`no name: ${element.outerHTML}`);
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map((heading) => Number(heading.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1 || levels[0] !== 1) problems.push(`headings: ${levels}`);
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) problems.push(`skips a level: ${levels.slice(0, at + 1)}`); });
  for (const landmark of ['main', 'header', 'nav[aria-label]', '[role=search][aria-label]', 'footer']) if (document.querySelectorAll(landmark).length !== 1) problems.push(landmark);
  if (document.documentElement.lang !== 'en' || !document.title) problems.push('no language or title');
  for (const head of document.querySelectorAll('th')) if (!head.scope) problems.push(`no scope: ${head.textContent}`);
  for (const section of document.querySelectorAll('section')) if (!document.getElementById(section.getAttribute('aria-labelledby'))) problems.push(section.id);
  if (document.documentElement.scrollWidth > innerWidth) problems.push('scrolls sideways');
  const parsed = (colour) => { const [, r, g, b, a] = /rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)/.exec(colour) || []; return r === undefined ? null : [+r, +g, +b, a === undefined ? 1 : +a]; };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => { for (let at = element; at; at = at.parentElement) { const colour = parsed(getComputedStyle(at).backgroundColor); if (colour && colour[3] === 1) return colour; } };
  let looked = 0;
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || element.matches('script, .unseen, legend')) continue;
    const ink = parsed(getComputedStyle(element).color);
    const [a, b] = [light(ink), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    looked += 1;
    if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(2)}: ${element.outerHTML.slice(0, 120)}`);
  }
  if (looked < 100) problems.push(`only ${looked} were looked at`);
  return problems;
}
