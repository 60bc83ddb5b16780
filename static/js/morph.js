// A message that has changed, its delivery for example, is changed where it stands: put in anew, it would be read out
// again, and the keyboard would lose its place.
(() => {
  "use strict";

  const isKnown = (message) => Boolean(document.getElementById(message.id));

  function morphing(message, sourceElement) {
    const fragment = document.createDocumentFragment();
    const target = document.getElementById(message.id);
    fragment.append(message);
    return { type: "partial", fragment, target, swapSpec: { style: "outerMorph" }, sourceElement };
  }

  /** Takes the known messages out of an upsert; each becomes a task of its own. */
  function split(task) {
    const known = [...task.fragment.querySelectorAll(".message[id]")].filter(isKnown);
    return known.map((message) => morphing(message, task.sourceElement));
  }

  document.addEventListener("htmx:before:swap", (event) => {
    const { tasks } = event.detail;
    tasks.push(...tasks.filter((task) => task.swapSpec?.style === "upsert").flatMap(split));
  });
})();
