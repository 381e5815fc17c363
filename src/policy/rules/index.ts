export {
  AUTONOMY,
  DECISIONS,
  isStricter,
  mostRestrictive,
  toDecision,
  type Autonomy,
  type Decision,
} from './autonomy.ts';
export {
  connectorOfAction,
  CONNECTOR_TYPES,
  DOMAINS,
  EXCHANGE_TYPES,
  FEATURES,
  isHigherScope,
  isReadAction,
  PERMISSIONS,
  ROLES,
  SCOPES,
  type ConnectorType,
  type Domain,
  type ExchangeType,
  type Feature,
  type Permission,
  type Role,
  type Scope,
} from './domains.ts';
export { type Documents, type PolicyDocument } from './schemas.ts';
export {
  checkDocument,
  MAX_DOCUMENT_BYTES,
  parseDocument,
  type DocumentIssue,
  type ParsedDocument,
} from './documents.ts';
export { byPlace, compare, type PlacedPolicy, type PolicyReference } from './placed.ts';
export { findWidening, type Violation } from './hierarchy.ts';
export { effectivePolicy, type EffectiveField, type EffectivePolicy } from './effective.ts';
export { compileTenant, type TenantData } from './bundle.ts';
export { decodeReferences, decodeVoices, encodeReferences, encodeVoices, type Voice } from './references.ts';
