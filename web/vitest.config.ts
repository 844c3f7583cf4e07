import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts'],
    // Browser tests mostly wait for each other's frames and sockets: two at a time use two cores, more make them wait longer.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
