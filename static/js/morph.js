// What has changed is changed where it stands. A message that was put in anew would be read out again, and the keyboard
// would lose its place; a row of the list that was put in anew under a pressed mouse would lose the click.
(() => {
  "use strict";

  const KINDS = ".message[id], .chat-row[id]";
  const isKnown = (element) => Boolean(document.getElementById(element.id));

  function morphing(element, sourceElement) {
    const fragment = document.createDocumentFragment();
    const target = document.getElementById(element.id);
    fragment.append(element);
    return { type: "partial", fragment, target, swapSpec: { style: "outerMorph" }, sourceElement };
  }

  /** Takes what is known out of an upsert; each becomes a task of its own. */
  function split(task) {
    const known = [...task.fragment.querySelectorAll(KINDS)].filter(isKnown);
    return known.map((element) => morphing(element, task.sourceElement));
  }

  document.addEventListener("htmx:before:swap", (event) => {
    const { tasks } = event.detail;
    tasks.push(...tasks.filter((task) => task.swapSpec?.style === "upsert").flatMap(split));
  });

  // Chromium looks for the direction of words only when their element is new, not when the words have changed.
  const look = (element) => {
    element.dir = "";
    element.dir = "auto";
  };
  const turned = (change) => change.target.parentElement?.closest('[dir="auto"]');
  const observer = new MutationObserver((changes) => new Set(changes.map(turned).filter(Boolean)).forEach(look));
  observer.observe(document, { characterData: true, subtree: true });
})();
