import { Caller, type Principal, Requires } from '#libs/access';
import { RateLimit } from '#libs/http';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SIMULATED, SIMULATION, type Simulated, type Simulation } from './simulation.schema.ts';
import { Simulations } from './simulations.ts';

@ApiTags('Policy')
@Controller('policies')
export class SimulationController {
  constructor(private readonly simulations: Simulations) {}

  @Post('simulate')
  @HttpCode(200)
  @Requires('policies:write')
  @RateLimit('policy_changes')
  @ApiOperation({
    summary: 'Which recorded decisions would a draft change?',
    description:
      "Evaluates recorded decisions of the draft's scope by a real OPA, with the present policies and with the draft. " +
      'Nothing is written. One simulation at a time a tenant, 30 s at most.',
  })
  @ApiResponse({ status: 200, standardSchema: SIMULATED })
  simulate(@Caller() caller: Principal, @Body({ schema: SIMULATION }) body: Simulation): Promise<Simulated> {
    return this.simulations.simulate(caller, body);
  }
}
