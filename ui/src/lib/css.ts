import type { Attachment } from "svelte/attachments";

/** Sets custom properties through the CSSOM: the content security policy allows that, but no style attributes. */
export const vars = (values: Record<string, string | number>): Attachment<HTMLElement | SVGElement> => (node) => {
  for (const [name, value] of Object.entries(values)) node.style.setProperty(name, String(value));
};
