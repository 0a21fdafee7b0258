// Holds the OpenAPI document on the standard input against OpenAPI's own schema: `node validate.mjs`. It prints what is wrong.

import { text } from 'node:stream/consumers';
import { Validator } from '@seriousme/openapi-schema-validator';

const { valid, errors } = await new Validator().validate(JSON.parse(await text(process.stdin)));
if (!valid) console.log(JSON.stringify(errors, null, 2));
