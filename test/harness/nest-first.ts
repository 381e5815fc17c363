/**
 * Nest is ESM and a few packages that use it are CommonJS. Jest cannot `require` an ES module while it is being loaded, so
 * Nest is loaded whole before any test imports such a package.
 */
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
