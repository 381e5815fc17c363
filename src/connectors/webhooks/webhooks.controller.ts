import { Public } from '#libs/access';
import type { RawBodyRequest } from '#libs/http';
import { Controller, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CONNECTOR_ID, WEBHOOK_QUERY, type WebhookQuery } from '../connectors.schema.ts';
import { Webhooks } from './webhooks.ts';

@ApiTags('Connectors')
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: Webhooks) {}

  @Post(':connectorId')
  @Public()
  @HttpCode(202)
  @ApiOperation({
    summary: 'What a connected system reports',
    description:
      'Signed as the vendor signs, with the secret of the connector. The same delivery again has no second effect.',
  })
  receive(
    @Param('connectorId', { schema: CONNECTOR_ID }) connectorId: string,
    @Query({ schema: WEBHOOK_QUERY }) { token }: WebhookQuery,
    @Req() request: FastifyRequest & RawBodyRequest,
  ) {
    const body = request.rawBody ?? new Uint8Array();
    return this.webhooks.receive(connectorId, request.ip, request.headers, body, token);
  }
}
