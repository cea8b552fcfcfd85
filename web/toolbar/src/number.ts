/**
 * What people write and paste as a number, as a telephone dials it: without blanks and signs
 * between the digits, and without the zero in brackets that is not dialled after a country code.
 * Names of queues and agents stay as they are.
 */
export function dialled(text: string): string {
  const written = text.trim();
  if (!/^[+(]?[\d*#][\d\s()/.\-–‑*#]*$/.test(written)) return written;
  const number = written.startsWith("+") ? written.replace(/\(0+\)/, "") : written;
  return number.replace(/[^+\d*#]/g, "");
}
