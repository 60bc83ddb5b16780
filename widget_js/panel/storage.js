/* What the widget keeps on the site's own origin; where a browser refuses that, memory has to do for this page. */

class SiteStorage {
  constructor(area, key) {
    this.area = area;
    this.prefix = `deskbell:${key}:`;
    this.memory = new Map();
  }

  get(name) {
    if (this.memory.has(name)) return this.memory.get(name);
    return this.attempt((area) => area.getItem(this.prefix + name)) ?? null;
  }

  set(name, value) {
    this.memory.delete(name);
    const kept = this.attempt((area) => {
      area.setItem(this.prefix + name, value);
      return true;
    });
    if (!kept) this.memory.set(name, value);
  }

  remove(name) {
    this.memory.delete(name);
    this.attempt((area) => area.removeItem(this.prefix + name));
  }

  getJson(name) {
    try {
      return JSON.parse(this.get(name));
    } catch {
      return null;
    }
  }

  setJson(name, value) {
    this.set(name, JSON.stringify(value));
  }

  /* The names that begin like this. */
  names(start) {
    const stored = this.attempt((area) => Object.keys(area)) ?? [];
    const own = stored.filter((name) => name.startsWith(this.prefix)).map((name) => name.slice(this.prefix.length));
    return [...new Set([...own, ...this.memory.keys()])].filter((name) => name.startsWith(start));
  }

  /* Calls back with the name of whatever another tab changed. */
  onChange(tell) {
    window.addEventListener("storage", (event) => {
      if (event.key?.startsWith(this.prefix)) tell(event.key.slice(this.prefix.length));
    });
  }

  attempt(act) {
    try {
      return act(window[this.area]);
    } catch {
      return undefined;
    }
  }
}
