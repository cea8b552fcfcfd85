/** An element: its text, or its children. */
export interface Element {
  name: string;
  text: string;
  children: Element[];
}

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const plain = (text: string) =>
  text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (whole, decimal, hex, name) =>
    decimal ? String.fromCodePoint(Number(decimal)) : hex ? String.fromCodePoint(parseInt(hex, 16)) : (entities[name] ?? whole),
  );

/** Makes text fit to stand in a document. */
export const escape = (text: string): string => text.replace(/[<>&]/g, (c) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[c]!);

/**
 * Reads a document of the Portrait front: elements and texts, nothing else. Node has no
 * DOMParser, and a page with Trusted Types may not use its own. Throws on what it is not.
 */
export function parse(document: string): Element {
  const root: Element = { name: "", text: "", children: [] };
  const open = [root];
  const body = document.replace(/^\s*<\?xml[^>]*\?>/, "");
  let read = 0;
  for (const [tag, closes, name, empty, text] of body.matchAll(/<(\/?)([A-Za-z_][\w.-]*)\s*(\/?)>|([^<]+)/g)) {
    read += tag.length;
    const top = open.at(-1)!;
    if (text !== undefined) top.text += text;
    else if (closes) {
      if (open.length === 1 || top.name !== name) throw new SyntaxError(`${name} is closed and was not open`);
      top.text = top.children.length > 0 ? "" : plain(top.text);
      open.pop();
    } else {
      const child = { name: name!, text: "", children: [] };
      top.children.push(child);
      if (!empty) open.push(child);
    }
  }
  if (read !== body.length || open.length !== 1 || root.children.length !== 1) throw new SyntaxError("the answer is not XML");
  return root.children[0]!;
}

/** The first child of a name. */
export const child = (of: Element | undefined, name: string): Element | undefined => of?.children.find((c) => c.name === name);

/** The text of a child; undefined when it is not there. */
export const text = (of: Element | undefined, name: string): string | undefined => child(of, name)?.text;

/** The children of a name. */
export const all = (of: Element, name: string): Element[] => of.children.filter((c) => c.name === name);
