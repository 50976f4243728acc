import { expect, type Page } from '@playwright/test';

export type View = {
  readonly name: string;
  readonly path: string;
  /** Resolves when the collector's claims are drawn. */
  readonly waitUntilDrawn: (page: Page) => Promise<void>;
};

/** The longest step is selected at first, another one in every run, and the length of its command moves what is below. */
const selectSameStep = (page: Page): Promise<void> =>
  page
    .getByRole('option', { name: /veth\.create/ })
    .first()
    .click();

const showsCard = async (page: Page): Promise<void> => {
  await expect(page.getByTestId('pod-card-default/nginx1')).toBeVisible();
};

/** Every view there is, each at the address that restores it. */
export const views: readonly View[] = [
  {
    name: 'cluster',
    path: '/',
    waitUntilDrawn: (page) => expect(page.getByText('k8s-node01').first()).toBeVisible(),
  },
  { name: 'node', path: '/nodes/k8s-node01', waitUntilDrawn: showsCard },
  {
    name: 'inspector',
    path: '/nodes/k8s-node01?select=pod:default/nginx1',
    waitUntilDrawn: async (page) => {
      await showsCard(page);
      await expect(
        page.getByRole('complementary', { name: 'Inspector' }).getByLabel('the result', { exact: true }),
      ).toBeVisible();
      await selectSameStep(page);
    },
  },
  {
    name: 'node-table',
    path: '/nodes/k8s-node01?as=table',
    waitUntilDrawn: (page) => expect(page.getByRole('table').first()).toBeVisible(),
  },
  {
    name: 'agent',
    path: '/nodes/k8s-node01?select=agent',
    waitUntilDrawn: (page) => expect(page.getByRole('button', { name: 'Read again now' })).toBeVisible(),
  },
  {
    name: 'findings',
    path: '/findings',
    waitUntilDrawn: (page) => expect(page.locator('[data-status="live"]').first()).toBeVisible(),
  },
  {
    name: 'timeline',
    path: '/timeline',
    waitUntilDrawn: (page) => expect(page.getByText('nginx1').first()).toBeVisible(),
  },
  {
    name: 'pod',
    path: '/pods/default/nginx1',
    waitUntilDrawn: async (page) => {
      await expect(page.getByText('10.240.2.3').first()).toBeVisible();
      await selectSameStep(page);
    },
  },
];

export const themes = ['dark', 'light'] as const;
