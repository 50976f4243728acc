import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#model/json.ts';
import { formatIpAddress, formatIpPrefix } from '#plugin/network/ip-address.ts';
import { formatMacAddress } from '#plugin/network/mac-address.ts';
import { parseAttachmentRequest } from './parse-attachment-request.ts';
import { parseBridgeConfiguration } from './parse-bridge-configuration.ts';
import { parseInput } from './parse-input.ts';

const parse = (configuration: JsonObject) =>
  parseBridgeConfiguration(parseInput(JSON.stringify({ cniVersion: '1.0.0', name: 'podnet', ...configuration })));

describe('the configuration', () => {
  it('of the short form masquerades, routes everything through cni0 and takes every default', () => {
    const configuration = parse({ podcidr: '10.240.2.0/24' });
    expect(configuration).toMatchObject({
      bridgeName: 'cni0',
      isGateway: true,
      isDefaultGateway: true,
      isMasqueraded: true,
    });
    expect(configuration.mtuBytes).toBeUndefined();
    expect(configuration.rangeSets.flat().map(({ subnet }) => formatIpPrefix(subnet))).toEqual(['10.240.2.0/24']);
  });

  it('of the standard form does not masquerade unless asked, and its routes replace the default route', () => {
    const ipam = { subnet: '10.9.0.0/24', routes: [{ dst: '10.0.0.0/8' }] };
    expect(parse({ ipam })).toMatchObject({ isMasqueraded: false, isDefaultGateway: false });
    expect(parse({ ipam, ipMasq: true, isDefaultGateway: true })).toMatchObject({
      isMasqueraded: true,
      isDefaultGateway: true,
    });
  });

  it('takes keys in any case and an mtu of 0 as absent', () => {
    expect(parse({ PODCIDR: '10.9.0.0/24', Bridge: 'br9', MTU: 0 })).toMatchObject({
      bridgeName: 'br9',
      mtuBytes: undefined,
    });
  });

  it('takes one cluster range, a list, or several behind commas', () => {
    for (const clusterCidr of ['10.0.0.0/8,fd00::/48', ['10.0.0.0/8', 'fd00::/48']]) {
      const { clusterCidrs } = parse({ podcidr: '10.9.0.0/24', clusterCidr });
      expect(clusterCidrs.map(formatIpPrefix)).toEqual(['10.0.0.0/8', 'fd00::/48']);
    }
  });

  it.each<[JsonObject, string]>([
    [{ podcidr: 7 }, 'podcidr has to be a string'],
    [{ ipam: { type: '../dhcp' } }, 'ipam.type "../dhcp" is no name'],
    [{ ipam: { type: 'podwire' } }, 'needs ipam.subnet or ipam.ranges'],
    [{ podcidr: '10.9.0.0/24', ipam: { type: 'dhcp' } }, 'podcidr and the IPAM plugin dhcp exclude each other'],
    [{ ipam: { ranges: [{ subnet: '10.9.0.0/24' }] } }, 'ipam.ranges'],
    [{ ipam: { subnet: '10.9.0.0/24', routes: [{ dst: 'x' }] } }, 'ipam has a route to x'],
    [{ podcidr: '10.9.0.0/24', clusterCidr: 'x' }, 'clusterCidr'],
    [{ podcidr: '10.9.0.0/24', mtu: 1.5 }, 'mtu has to be a whole number'],
  ])('%j is refused with the key named', (configuration, reason) => {
    expect(() => parse(configuration)).toThrow(reason);
  });
});

describe('what a runtime asks for', () => {
  it('unites the addresses of CNI_ARGS, args and runtimeConfig', () => {
    const configuration = { args: { cni: { ips: ['10.9.0.5'] } }, runtimeConfig: { ips: ['10.9.0.6/24', '10.9.0.5'] } };
    const { addresses } = parseAttachmentRequest(configuration, { IP: '10.9.0.4' });
    expect(addresses.map(formatIpAddress)).toEqual(['10.9.0.4', '10.9.0.5', '10.9.0.6']);
  });

  it('prefers the MAC of runtimeConfig, then of args, then of CNI_ARGS', () => {
    const mac = (configuration: JsonObject): string => {
      const request = parseAttachmentRequest(configuration, { MAC: '02:00:00:00:00:03' });
      return formatMacAddress(request.mac ?? new Uint8Array());
    };
    const args = { cni: { mac: '02:00:00:00:00:02' } };
    expect(mac({ args, runtimeConfig: { mac: '02:00:00:00:00:01' } })).toBe('02:00:00:00:00:01');
    expect(mac({ args })).toBe('02:00:00:00:00:02');
    expect(mac({})).toBe('02:00:00:00:00:03');
  });
});
