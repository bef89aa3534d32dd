import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { Command } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { PipelinedCommand } from './pipelined-command.ts';

const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme-ascii', minLength: 200, maxLength: 300 }));
const bytes = fc.uint8Array().map((each) => Buffer.from(each));

describe('a command of a pipeline', () => {
  it('is on the wire what ioredis makes of it, whatever it carries', () => {
    fc.assert(
      fc.property(fc.constantFrom('mget', 'evalsha'), fc.array(fc.oneof(text, bytes)), (name, args) => {
        const written = Buffer.from(new PipelinedCommand(name, args).toWritable());
        expect(written.toString('latin1')).toBe(Buffer.from(new Command(name, args).toWritable()).toString('latin1'));
      }),
    );
  });

  it('is text where its arguments are, so that it goes out with others in one piece', () => {
    expect(typeof new PipelinedCommand('mget', ['a', 'é']).toWritable()).toBe('string');
    expect(new PipelinedCommand('mget', ['a', Buffer.from('b')]).toWritable()).toBeInstanceOf(Buffer);
  });
});
