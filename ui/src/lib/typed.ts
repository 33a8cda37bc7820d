// What a reader typed into a field for a number.

/** As much of a field as matters here. */
export type NumberInput = Pick<HTMLInputElement, "value"> & { validity: Pick<ValidityState, "badInput"> };

/** The number in a field; null when it is empty, NaN when what stands there is none: browsers give an empty text for it. */
export const typedNumber = ({ value, validity }: NumberInput): number | null =>
  validity.badInput ? Number.NaN : value.trim() === "" ? null : Number(value);
