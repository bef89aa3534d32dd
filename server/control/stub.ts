import { ControlError } from './control-error.ts';

export function notYet(): never {
  throw new ControlError('INTERNAL', 'Not there yet.');
}
