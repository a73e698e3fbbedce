// SPDX-License-Identifier: Apache-2.0
//
// One file comes out: script and style stand inside the page, and the page's own policy names them by their hashes. So nothing else
// runs in it, whatever a request's name or an answer of the target has put into the data, and nothing is ever fetched.
import {createHash} from 'node:crypto';
import {defineConfig, type Plugin} from 'vite';

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function oneFile(): Plugin {
  return {
    name: 'one-file',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const page = bundle['index.html'];
      if (page?.type !== 'asset') throw new Error('no page was built');
      let script = '';
      let style = '';
      for (const [name, file] of Object.entries(bundle)) {
        if (file === page) continue;
        if (file.type === 'chunk') script += file.code;
        else if (name.endsWith('.css')) style += String(file.source);
        else throw new Error(`the page is one file, and ${name} would be another`);
        delete bundle[name];
      }
      // "</script" inside a string of the program would end it.
      script = script.trim().replaceAll('</script', '<\\/script');
      style = style.trim();
      const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
      page.source = String(page.source)
        .replace(/\s*<script type="module"[^>]*src=[^>]*><\/script>/, '')
        .replace(/\s*<link rel="stylesheet"[^>]*>/, '')
        .replace('__POLICY__', () => policy)
        .replace('</head>', () => `<style>${style}</style>\n</head>`)
        .replace('</body>', () => `<script type="module">${script}</script>\n</body>`);
    },
  };
}

export default defineConfig({
  base: './',
  build: {outDir: '../../../build/report', emptyOutDir: true, target: 'es2022', modulePreload: false, assetsInlineLimit: 0, cssCodeSplit: false},
  plugins: [oneFile()],
  server: {fs: {allow: ['.', '../../../docs']}}, // a test compares the page's words with docs/reasons.md
  test: {include: ['test/*.test.ts'], environment: 'node'},
} as Parameters<typeof defineConfig>[0]);
