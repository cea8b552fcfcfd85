/**
 * Listens for Alt+Shift with a letter. By the place of the key, because with Alt held some
 * keyboards write other characters.
 *
 * @param act does it; false when the key is not the toolbar's now.
 */
export function listen(act: (key: string) => boolean): () => void {
  const hear = (event: KeyboardEvent) => {
    if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.repeat) return;
    if (event.code.startsWith("Key") && act(event.code.slice(3))) event.preventDefault();
  };
  addEventListener("keydown", hear);
  return () => removeEventListener("keydown", hear);
}
