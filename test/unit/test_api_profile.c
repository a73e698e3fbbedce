/* SPDX-License-Identifier: Apache-2.0
 *
 * A spec that got past the schema is still refused, by name and with what to write; merging and digests. */
#include "api_fixture.h"

static void the_smallest_profile_gets_every_default(void **state)
{
        auto_profile struct profile *profile = profile_with("{}");
        (void)state;

        assert_string_equal(profile->service, "web");
        assert_string_equal(profile->port, "http");
        assert_false(profile->scheme->tls);
        assert_int_equal(profile->timeout_ms, 5000);
        assert_int_equal(profile->warmup_ms, 5000);
        assert_int_equal(profile->cooldown_ms, 0);
        assert_int_equal(profile->shape_ms, 60000);
        assert_int_equal(profile->workers, 1);
        assert_int_equal(profile->connections, 64);
        assert_int_equal(profile->deadline_ms, 1800000);
        assert_int_equal(profile->ready_timeout_ms, 300000);
        assert_int_equal(profile->queue_timeout_ms, 3600000);
        assert_int_equal(profile->pacing_lateness_ns, 1000000);
        assert_int_equal(profile->min_window_ms, 60000);
        assert_int_equal(profile->keep, 50);
        assert_false(profile->suspend);
        assert_string_equal(doc_text(profile->spec, "load.requests[0].method"), "GET");
        assert_int_equal(doc_int(profile->spec, "load.requests[0].weight", 0), 1);
}

struct refusal {
        const char *change, *says;
};

/* A spec that searches from 100/s; 'more' of capacity, and what stands beside it. */
#define SEARCH(limit, more, beside) "{'load':{'shape':null},'capacity':{'from':'100/s','limit':'" limit "/s'" more "}" beside "}"

static const struct refusal refusals[] = {
        {"{'target':null}", "spec.target must have exactly one of service and url"},
        {"{'target':'web'}", "spec.target must have exactly one of service and url"},
        {"{'target':{'url':'http://a/'}}", "spec.target must have exactly one of service and url"},
        {"{'target':{'service':{'name':null}}}", "spec.target.service.name is missing"},
        {"{'target':{'service':{'name':'../a'}}}", "spec.target.service: name and namespace"},
        {"{'target':{'service':{'namespace':'a/b'}}}", "spec.target.service: name and namespace"},
        {"{'target':{'service':null,'url':'ftp://a/'}}", "spec.target.url must be http://, https://, h2c://, h2://, grpc:// or grpcs://"},
        {"{'target':{'service':null,'url':'http://'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http:///'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://a/b'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://a?b'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://u:p@a/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://u@a/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://a:0/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://a:65536/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://a:/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://a: 80/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://A/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://[::1/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://[a]/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'http://::1/'}}", "spec.target.url must be"},
        {"{'target':{'service':null,'url':'https://a/','host':'b'}}", "spec.target.host goes with service only"},
        {"{'limits':{'brake':{'errorRatio':'0.5'}}}", "spec.limits.brake.errorRatio"},
        {"{'limits':{'brake':{'for':'10ms'}}}", "spec.limits.brake.for"},
        {"{'target':{'service':{'port':null}}}", "spec.target.service.port must be a number from 1 to 65535 or the name of a port of the Service"},
        {"{'target':{'service':{'port':0}}}", "spec.target.service.port must be a number"},
        {"{'target':{'service':{'port':true}}}", "spec.target.service.port must be a number"},
        {"{'target':{'scheme':'ftp'}}", "spec.target.scheme: must be one of http, https, h2c, h2, grpc, grpcs"},
        {"{'target':{'host':'http://a/'}}", "spec.target.host must be a host name"},
        {"{'load':null}", "spec.load.timeout is missing"},
        {"{'load':{'timeout':'11m'}}", "spec.load.timeout: must be a duration from 1ms to 10m"},
        {"{'load':{'timeout':5}}", "spec.load.timeout: must be a duration"},
        {"{'load':{'workers':0}}", "spec.load.workers: must be 1 to 64"},
        {"{'load':{'workers':'2'}}", "spec.load.workers: must be a whole number"},
        {"{'load':{'workers':'auto','shape':[{'closed':{'for':'3s'}}]}}", "spec.load.workers: auto goes by the rate"},
        {"{'load':{'workers':8,'concurrency':{'connections':4}}}", "spec.load.concurrency.connections must be at least load.workers"},
        {"{'load':{'concurrency':{'whenBusy':'wait'}}}", "spec.load.concurrency.whenBusy: must be one of queue, shed, grow"},
        {"{'load':{'concurrency':{'whenBusy':'grow'}}}", "spec.load.concurrency.maxConnections must be at least connections"},
        {"{'load':{'concurrency':{'whenBusy':'grow','maxConnections':63}}}", "spec.load.concurrency.maxConnections must be at least connections"},
        {"{'load':{'shape':[{'closed':{'for':'3s'}}],'concurrency':{'whenBusy':'grow','maxConnections':99}}}", "spec.load.concurrency.whenBusy: grow has no meaning"},
        {"{'target':{'scheme':'grpc'}}", "spec.load.requests[0].method must be POST"},
        {"{'target':{'scheme':'grpc'},'load':{'requests':[{'name':'a','method':'POST','path':'/Service'}]}}", "spec.load.requests[0].path must be /package.Service/Method"},
        {"{'target':{'scheme':'grpcs'},'load':{'requests':[{'name':'a','method':'POST','path':'/S/M?a'}]}}", "spec.load.requests[0].path must be /package.Service/Method"},
        {"{'target':{'scheme':'grpc'},'load':{'requests':[{'name':'a','method':'POST','path':'/S/M','expect':{'status':[200]}}]}}", "spec.load.requests[0].expect.status goes with HTTP"},
        {"{'target':{'scheme':'grpc'},'load':{'requests':[{'name':'a','method':'POST','path':'/S/M','expect':{'grpcStatus':['GONE']}}]}}", "spec.load.requests[0].expect.grpcStatus[0] must be the name"},
        {"{'target':{'scheme':'grpc'},'load':{'requests':[{'name':'a','method':'POST','path':'/S/M','headers':{'Content-Type':'a'}}]}}", "spec.load.requests[0].headers: Content-Type of gRPC calls"},
        {"{'load':{'grpc':{'descriptorSetFrom':{'configMapKeyRef':{'name':'a','key':'b'}}}}}", "spec.load.grpc goes with scheme grpc"},
        {"{'target':{'scheme':'grpc'},'load':{'grpc':{'descriptorSetFrom':{}}}}", "spec.load.grpc.descriptorSetFrom.configMapKeyRef must have name and key"},
        {"{'target':{'scheme':'grpc'},'load':{'grpc':{'descriptorSetFrom':{'configMapKeyRef':{'name':'a'}}}}}", "spec.load.grpc.descriptorSetFrom.configMapKeyRef.key"},
        {"{'target':{'scheme':'grpc'},'load':{'grpc':{'descriptorSetFrom':{'configMapKeyRef':{'name':'a','key':'b'}}},"
         "'requests':[{'name':'a','method':'POST','path':'/S/M','body':{'inline':'{a}'}}]}}", "spec.load.requests[0].body.inline must be JSON where load.grpc"},
        {"{'load':{'requests':[{'name':'a','expect':{'grpcStatus':['OK']}}]}}", "spec.load.requests[0].expect.grpcStatus goes with scheme grpc"},
        {"{'load':{'requests':[{'name':'a','method':'POST','body':{'base64':'AAE'}}]}}", "spec.load.requests[0].body.base64 must be base64"},
        {"{'load':{'requests':[{'name':'a','method':'POST','body':{'base64':'AAE=','inline':'a'}}]}}", "spec.load.requests[0].body must hold exactly one"},
        {"{'load':{'concurrency':{'streamsPerConnection':2}}}", "spec.load.concurrency.streamsPerConnection: HTTP/1.1 carries one"},
        {"{'target':{'scheme':'https'},'load':{'concurrency':{'streamsPerConnection':2}}}", "spec.load.concurrency.streamsPerConnection: HTTP/1.1 carries one"},
        {"{'target':{'scheme':'h2'},'load':{'concurrency':{'streamsPerConnection':1025}}}", "spec.load.concurrency.streamsPerConnection: must be 1 to 1024"},
        {"{'target':{'scheme':'h2c'},'load':{'concurrency':{'streamsPerConnection':1024,'connections':1025}}}", "spec.load.concurrency.streamsPerConnection must be at most 1048576 requests at once"},
        {"{'target':{'scheme':'h2c'},'load':{'tls':{'insecureSkipVerify':true}}}", "spec.load.tls is only read over TLS"},
        {"{'load':{'concurrency':{'reconnectAfter':{'requests':0}}}}", "spec.load.concurrency.reconnectAfter.requests"},
        {"{'load':{'concurrency':{'reconnectAfter':{'time':'1ms'}}}}", "spec.load.concurrency.reconnectAfter.time"},
        {"{'load':{'pacing':'fine'}}", "spec.load.pacing: must be one of precise, coarse"},
        {"{'load':{'tls':{'insecureSkipVerify':true}}}", "spec.load.tls is only read over TLS"},
        {"{'load':{'shape':[]}}", "spec.load.shape must be 1 to 64 pieces"},
        {"{'load':{'shape':{'hold':1}}}", "spec.load.shape must be 1 to 64 pieces"},
        {"{'load':{'shape':[{}]}}", "spec.load.shape[0] must be exactly one of hold, ramp, step, spike, sine and closed"},
        {"{'load':{'shape':['hold']}}", "spec.load.shape[0] must be exactly one of"},
        {"{'load':{'shape':[{'hold':{'rate':'5/s','for':'5s'},'closed':{'for':'5s'}}]}}", "spec.load.shape[0] must be exactly one of"},
        {"{'load':{'shape':[{'hold':{'rate':'0/s','for':'5s'}}]}}", "spec.load.shape[0].hold.rate: must be 1e-05/s to 10000000/s"},
        {"{'load':{'shape':[{'hold':{'rate':500,'for':'5s'}}]}}", "spec.load.shape[0].hold.rate: '' is not a rate; write for example 500/s"},
        {"{'load':{'shape':[{'hold':{'rate':'5/s','for':'90d'}}]}}", "spec.load.shape[0].hold.for: '90d' is not a duration"},
        {"{'load':{'shape':[{'ramp':{'from':'0/s','to':'0/s','for':'5s'}}]}}", "spec.load.shape[0].ramp.from and to must not both be 0"},
        {"{'load':{'shape':[{'step':{'from':'0/s','to':'0/s','steps':2,'for':'5s'}}]}}", "spec.load.shape[0].step.from and to must not both be 0"},
        {"{'load':{'shape':[{'step':{'from':'1/s','to':'5/s','steps':1,'for':'5s'}}]}}", "spec.load.shape[0].step.steps: must be 2 to 100"},
        {"{'load':{'shape':[{'spike':{'base':'1/s','peak':'5/s','at':'4s','width':'2s','for':'5s'}}]}}", "spec.load.shape[0].spike.at and width together"},
        {"{'load':{'shape':[{'sine':{'mean':'1/s','amplitude':'5/s','period':'2s','for':'5s'}}]}}", "spec.load.shape[0].sine.amplitude must not be above mean"},
        {"{'load':{'arrival':'bursty'}}", "spec.load.arrival: must be one of constant, poisson"},
        {"{'load':{'seed':-1}}", "spec.load.seed: must be 0 to"},
        {"{'load':{'shape':[{'closed':{'for':'5s'}},{'closed':{'for':'5s'}}]}}", "spec.load.shape: a closed piece stands alone"},
        {"{'load':{'warmup':'soon'}}", "spec.load.warmup: 'soon' is not a duration"},
        {"{'load':{'warmup':'auto','shape':[{'hold':{'rate':'5/s','for':'29m30s'}}]}}", "spec.limits.deadline must be longer than load.warmup"},
        {"{'load':{'shape':[{'hold':{'rate':'5/s','for':'31m'}}]}}", "spec.limits.deadline must be longer than load.warmup"},
        {"{'load':{'requests':[]}}", "spec.load.requests must be 1 to 32 requests"},
        {"{'load':{'requests':[{'name':'a'},{'name':'a'}]}}", "spec.load.requests[1].name must not be used twice"},
        {"{'load':{'requests':[{'name':'A'}]}}", "spec.load.requests[0].name must be lower-case letters"},
        {"{'load':{'requests':[{'name':'a','weight':0}]}}", "spec.load.requests[0].weight: must be 1 to 1000"},
        {"{'load':{'requests':[{'name':'a','method':'BREW'}]}}", "spec.load.requests[0].method: must be one of GET, HEAD"},
        {"{'load':{'requests':[{'name':'a','path':'cart'}]}}", "spec.load.requests[0].path must begin with /"},
        {"{'load':{'requests':[{'name':'a','path':'/{uuid}'}]}}", "spec.load.requests[0].path must not hold { or }"},
        {"{'load':{'requests':[{'name':'a','path':'/a b'}]}}", "spec.load.requests[0].path must hold no white space"},
        {"{'load':{'requests':[{'name':'a','headers':{'Host':'b'}}]}}", "spec.load.requests[0].headers: Host is set by the load worker itself"},
        {"{'load':{'requests':[{'name':'a','headers':{'x-a':'1\\r\\nx-b: 2'}}]}}", "spec.load.requests[0].headers.x-a must hold no line breaks"},
        {"{'load':{'requests':[{'name':'a','headers':{'x a':'1'}}]}}", "spec.load.requests[0].headers: 'x a' must be 1 to 64 letters"},
        {"{'load':{'requests':[{'name':'a','headers':{'x-a':1}}]}}", "spec.load.requests[0].headers.x-a must be text"},
        {"{'load':{'requests':[{'name':'a','headers':{'Authorization':'Bearer x'}}]}}", "spec.load.requests[0].headers: Authorization would be stored for all to read: keep credentials in a Secret"},
        {"{'load':{'requests':[{'name':'a','headers':{'cookie':'a=b'}}]}}", "spec.load.requests[0].headers: cookie would be stored"},
        {"{'load':{'headersFrom':{}}}", "spec.load.headersFrom must be a list of 1 to 16 headers"},
        {"{'load':{'headersFrom':[]}}", "spec.load.headersFrom must be a list of 1 to 16 headers"},
        {"{'load':{'headersFrom':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}}", "spec.load.headersFrom must be a list of 1 to 16 headers"},
        {"{'load':{'headersFrom':[{'name':'a'}]}}", "spec.load.headersFrom[0].secretKeyRef.name is missing"},
        {"{'load':{'headersFrom':[{'name':'a','secretKeyRef':{'name':'t'}}]}}", "spec.load.headersFrom[0].secretKeyRef.key is missing"},
        {"{'load':{'headersFrom':[{'name':'a b','secretKeyRef':{'name':'t','key':'v'}}]}}", "spec.load.headersFrom[0].name: 'a b' must be 1 to 64 letters"},
        {"{'load':{'headersFrom':[{'name':'Host','secretKeyRef':{'name':'t','key':'v'}}]}}", "spec.load.headersFrom[0].name: Host is set by the load worker itself"},
        {"{'load':{'headersFrom':[{'name':'a','secretKeyRef':{'name':'t','key':'v'}},{'name':'A','secretKeyRef':{'name':'t','key':'v'}}]}}", "spec.load.headersFrom[1].name: A must be named once"},
        {"{'load':{'requests':[{'name':'a'},{'name':'b','headers':{'X-Key':'1'}}],'headersFrom':[{'name':'x-key','secretKeyRef':{'name':'t','key':'v'}}]}}", "spec.load.headersFrom[0].name: x-key must not be set by load.requests[1] too"},
        {"{'target':{'scheme':'https'},'load':{'tls':{'caFrom':{}}}}", "spec.load.tls.caFrom must hold exactly one of"},
        {"{'target':{'scheme':'https'},'load':{'tls':{'caFrom':{'configMapKeyRef':{'name':'a','key':'b'},'secretKeyRef':{'name':'a','key':'b'}}}}}", "spec.load.tls.caFrom must hold exactly one of"},
        {"{'target':{'scheme':'https'},'load':{'tls':{'caFrom':{'secretKeyRef':{'name':'a'}}}}}", "spec.load.tls.caFrom.secretKeyRef must have name and key"},
        {"{'target':{'scheme':'https'},'load':{'tls':{'clientCertificateFrom':{}}}}", "spec.load.tls.clientCertificateFrom.secretRef must have a name"},
        {"{'load':{'requests':[{'name':'a','body':{'inline':'x'}}]}}", "spec.load.requests[0].body does not go with method GET"},
        {"{'load':{'requests':[{'name':'a','method':'POST','body':{}}]}}", "spec.load.requests[0].body must hold exactly one of inline, base64 and configMapKeyRef"},
        {"{'load':{'requests':[{'name':'a','method':'POST','body':{'configMapKeyRef':{'name':'b'}}}]}}", "spec.load.requests[0].body.configMapKeyRef.key is missing"},
        {"{'load':{'requests':[{'name':'a','expect':{'status':[42]}}]}}", "spec.load.requests[0].expect.status[0] must be 100 to 599"},
        {"{'load':{'requests':[{'name':'a','expect':{'status':200}}]}}", "spec.load.requests[0].expect.status must be a list"},
        {"{'load':{'requests':[{'name':'a','expect':{'body':{'contains':''}}}]}}", "spec.load.requests[0].expect.body.contains"},
        {"{'load':{'requests':[{'name':'a','method':'HEAD','expect':{'body':{'contains':'x'}}}]}}", "spec.load.requests[0].expect.body does not go with method HEAD"},
        {"{'objectives':{}}", "spec.objectives must be a list"},
        {"{'objectives':[{'max':'5ms'}]}", "spec.objectives[0]: metric is missing"},
        {"{'objectives':[{'metric':'latency.p99'}]}", "spec.objectives[0]: must have min, max or both"},
        {"{'objectives':[{'metric':'latency.p98','max':'5ms'}]}", "spec.objectives[0]: metric 'latency.p98' is not known"},
        {"{'objectives':[{'metric':'latency.p99','max':'5%'}]}", "spec.objectives[0]: '5%' is not a duration"},
        {"{'objectives':[{'metric':'latency.p99','min':'9s','max':'5s'}]}", "spec.objectives[0]: min must not be above max"},
        {"{'objectives':[{'metric':'handshake.p99','max':'5s'}]}", "spec.objectives[0]: handshake.* is only measured over TLS"},
        {"{'objectives':[{'metric':'latency.p99{request=\\\"b\\\"}','max':'5s'}]}", "spec.objectives[0]: request \"b\" is none of load.requests"},
        {"{'objectives':[{'metric':'latency.p99{piece=\\\"1\\\"}','max':'5s'}]}", "spec.objectives[0]: piece \"1\" must be the index of a piece"},
        {"{'objectives':[{'metric':'latency.p99{piece=\\\"ramp\\\"}','max':'5s'}]}", "spec.objectives[0]: piece \"ramp\" must be"},
        {"{'load':{'shape':[{'closed':{'for':'5s'}}]},'objectives':[{'metric':'latency.p99','max':'5s'}]}", "spec.objectives[0]: latency.* has no meaning in a closed loop"},
        {"{'load':{'shape':[{'closed':{'for':'5s'}}]},'objectives':[{'metric':'rate.achieved','min':'99%'}]}", "spec.objectives[0]: a closed loop offers no rate"},
        {"{'validity':{'generatorCPU':'180%'}}", "spec.validity.generatorCPU: '180%' is not a percentage"},
        {"{'validity':{'pacingLateness':'0s'}}", "spec.validity.pacingLateness: must be a duration from"},
        {"{'history':{'keep':0}}", "spec.history.keep: must be 1 to 1000"},
        {"{'suspend':'no'}", "spec.suspend: must be true or false"},
        {"{'trials':7}", "spec.trials must be an object"},
        {"{'capacity':{'from':'100/s','limit':'200/s'}}", "spec.capacity searches for the rate, which a shape says: remove one of the two"},
        {SEARCH("1000", ",'precision':'0.5%'", ""), "spec.capacity.precision: must be 1% to 25%"},
        {SEARCH("1000", ",'probe':'1s'", ""), "spec.capacity.probe: must be a duration from 2s to 10m"},
        {SEARCH("50", "", ""), "spec.capacity.limit must not be below from"},
        {SEARCH("9000000", ",'precision':'1%'", ""), "spec.capacity: from 100/s to 9e+06/s may take more than 64 probes: begin nearer to the limit, or take a coarser precision"},
        {SEARCH("1000", "", ",'trials':{'repeats':{'min':3}}"), "spec.trials repeats one load, and a search has probes of its own: remove one of the two"},
        {SEARCH("1000", "", ",'baseline':{'from':'previous'}"), "spec.baseline.from must be none with capacity: what two searches found stands in their status.capacity"},
        {SEARCH("20000", "", ",'limits':{'total':'74m59s'}"), "spec.limits.total must leave room for every probe that the search may need: 1h15m, not 1h14m59s"},
        {SEARCH("1000", "", ",'limits':{'total':'10m'}"), "spec.limits.total must leave room for every probe that the search may need: 56m20s, not 10m; shorten capacity.probe or load.warmup"},
        {SEARCH("1000", ",'probe':'10m'", ",'limits':{'deadline':'20m'}"), "spec.limits.deadline must be longer than load.warmup"},
        {"{'trials':{'repeats':{'min':0}}}", "spec.trials.repeats.min: must be 1 to 64"},
        {"{'trials':{'repeats':{'min':4,'max':3}}}", "spec.trials.repeats.max must not be below min"},
        {"{'trials':{'repeats':{'min':2,'max':3}}}", "spec.trials.repeats.min must be at least 3 where max is more"},
        {"{'trials':{'repeats':{'min':2},'until':'0%'}}", "spec.trials.until: must be 0.1% to 100%"},
        {"{'trials':{'repeats':{'min':2},'pause':'2h'}}", "spec.trials.pause: must be a duration from 0s to 1h"},
        {"{'trials':{'repeats':{'min':60}}}", "spec.limits.total must leave room for every trial: 60 times limits.readyTimeout and the load, with the pauses, are 7h39m, not 4h"},
        {"{'baseline':7}", "spec.baseline must be an object"},
        {"{'baseline':{'from':'yesterday'}}", "spec.baseline.from: must be one of none, pinned, previous"},
        {"{'baseline':{'from':'pinned'}}", "spec.baseline.run goes with from: pinned, and only with it"},
        {"{'baseline':{'from':'previous','run':'a'}}", "spec.baseline.run goes with from: pinned, and only with it"},
        {"{'baseline':{'from':'pinned','run':'A/b'}}", "spec.baseline.run must be the name of a BenchmarkRun"},
        {"{'baseline':{'from':'previous','primary':'latency.max'}}", "spec.baseline.primary: \"latency.max\" cannot be compared"},
        {"{'baseline':{'from':'previous','gate':'latency.p50'}}", "spec.baseline.gate must be a list"},
        {"{'baseline':{'from':'previous','gate':['connect.p50']}}", "spec.baseline.gate[0]: \"connect.p50\" cannot be compared"},
        {"{'baseline':{'from':'previous','gate':[3]}}", "spec.baseline.gate[0]: \"\" cannot be compared"},
        {"{'baseline':{'from':'previous','tolerance':{'latency.p50':'5'}}}", "spec.baseline.tolerance.latency.p50 must be like 5%"},
        {"{'baseline':{'from':'previous','tolerance':{'latency.p50':5}}}", "spec.baseline.tolerance.latency.p50 must be like 5%"},
        {"{'baseline':{'from':'previous','tolerance':{'errors.ratio':'5%'}}}", "spec.baseline.tolerance.errors.ratio must be like 0.1pp"},
        {"{'baseline':{'from':'previous','tolerance':{'speed':'5%'}}}", "spec.baseline.tolerance.speed cannot be compared"},
        {"{'baseline':{'from':'previous','onRegression':'cry'}}", "spec.baseline.onRegression: must be one of fail, warn"},
        {"{'load':{'shape':[{'closed':{'for':'5s'}}]},'baseline':{'from':'previous','primary':'latency.p99'}}", "spec.baseline.primary: latency.* has no meaning in a closed loop"},
        {"{'context':{'metrics':{}}}", "spec.context.metrics must be a list"},
        {"{'context':{'metrics':[{'name':'A','query':'up','source':'main'}]}}", "spec.context.metrics[0]: name must be a name"},
        {"{'context':{'metrics':[{'name':'a','source':'main'}]}}", "spec.context.metrics[0]: query must be PromQL"},
        {"{'context':{'metrics':[{'name':'a','query':'','source':'main'}]}}", "spec.context.metrics[0]: query must be PromQL"},
        {"{'context':{'metrics':[{'name':'a','query':'up','source':'http://p:9090'}]}}", "spec.context.metrics[0]: source must be the name of a source"},
        {"{'context':{'metrics':[{'name':'a','query':'up'}]}}", "spec.context.metrics[0]: source must be the name of a source"},
        {"{'context':{'metrics':[{'name':'a','query':'up','source':'main','unit':'requests of a queue'}]}}", "spec.context.metrics[0]: unit must be at most 16"},
        {"{'context':{'metrics':[{'name':'a','query':'up','source':'main'},{'name':'a','query':'up','source':'main'}]}}", "spec.context.metrics names a twice"},
        {"{'context':{'metrics':[{},{},{},{},{}]}}", "spec.context.metrics must be at most 4"},
        {"{'context':{'also':{}}}", "spec.context.also must be a list"},
        {"{'context':{'also':[{'service':{'name':'web'}}]}}", "spec.context.also[0] is the target"},
        {"{'context':{'also':[{'service':'carts'}]}}", "spec.context.also[0].service.name must be the name"},
        {"{'context':{'also':[{'service':{'name':'a/b'}}]}}", "spec.context.also[0].service.name must be the name"},
        {"{'context':{'also':[{'service':{'name':'a'}},{'service':{'name':'a'}}]}}", "spec.context.also names a twice"},
        {"{'context':{'require':7}}", "spec.context.require must be a list"},
        {"{'context':{'require':[1,1,1,1,1,1,1,1,1]}}", "spec.context.require must be at most 8"},
        {"{'context':{'mesh':{'detect':false},'require':[{'clientMeshed':true}]}}", "spec.context.require is about the mesh"},
        {"{'context':{'require':[{}]}}", "spec.context.require[0]: must name one thing"},
        {"{'context':{'require':['clientMeshed']}}", "spec.context.require[0]: must name one thing"},
        {"{'context':{'require':[{'clientMeshed':true,'serverMeshed':true}]}}", "spec.context.require[0]: must name one thing"},
        {"{'context':{'require':[{'clientMeshed':'yes'}]}}", "spec.context.require[0]: is nothing that can be required"},
        {"{'context':{'require':[{'clientMeshed':true},{'mesh.mtls':'loose'}]}}", "spec.context.require[1]: is nothing that can be required"},
        {"{'context':{'require':[{'mesh.retries':3}]}}", "spec.context.require[0]: is nothing that can be required"},
        {"{'placement':{'tolerations':{}}}", "spec.placement.tolerations must be a list"},
        {"{'placement':{'resources':{'limits':{'cpu':'much'}}}}", "spec.placement.resources.limits.cpu: 'much' is not a quantity"},
        {"{'placement':{'resources':{'requests':{'cpu':'2'},'limits':{'cpu':'500m'}}}}", "spec.placement.resources.requests.cpu must not be above its limit"},
};

static void what_is_wrong_is_refused_by_its_name(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
                auto_json struct json_object *good = json(GOOD_SPEC), *patch = json(refusals[i].change), *merged = NULL;
                auto_json struct json_object *spec = doc_merge(good, patch);
                struct profile *profile = NULL;
                struct fail fail = {0};
                assert_int_equal(profile_merge(spec, NULL, &merged, &fail), FAIL_NONE);
                /* A null removes the default too: the field is missing then. */
                auto_json struct json_object *stored = strstr(refusals[i].change, "null") ? doc_merge(merged, patch) : doc_copy(merged);
                assert_int_equal(profile_decode(stored, &profile, &fail), FAIL_INVALID);
                if (strncmp(fail.text, refusals[i].says, strlen(refusals[i].says)) != 0)
                        fail_msg("%s\n says: %s\n want: %s", refusals[i].change, fail.text, refusals[i].says);
        }
}

static void a_spec_too_large_for_its_plan_is_refused(void **state)
{
        struct profile *profile = NULL;
        struct fail fail;
        auto_json struct json_object *spec = spec_with("{}");
        struct json_object *requests = doc_at(spec, "load.requests");
        auto_free char *body = xcalloc(16001, 1);
        (void)state;

        memset(body, 'x', 16000);
        for (int i = 0; i < 9; i++) {
                auto_free char *name = xasprintf("r%d", i);
                struct json_object *request = doc_set_text(doc_set_text(doc_object(), "name", name), "method", "POST");
                doc_set_text(doc_set_int(request, "weight", 1), "path", "/");
                doc_push(requests, doc_set(request, "body", doc_set_text(doc_object(), "inline", body)));
        }
        assert_int_equal(profile_decode(spec, &profile, &fail), FAIL_INVALID);
        assert_non_null(strstr(fail.text, "move bodies into ConfigMaps"));
}

static void a_run_changes_only_what_is_safe(void **state)
{
        static const struct refusal rows[] = {
                {"{'target':{'host':'a'}}", "spec.overrides.target cannot be overridden by a run"},
                {"{'load':{'timeout':'1s'}}", "spec.overrides.load.timeout cannot be overridden by a run"},
                {"{'load':{'requests':[]}}", "spec.overrides.load.requests cannot be overridden by a run"},
                {"{'placement':{}}", "spec.overrides.placement cannot be overridden by a run"},
                {"{'suspend':false}", "spec.overrides.suspend cannot be overridden by a run"},
                {"[]", "spec.overrides must be an object"},
        };
        auto_json struct json_object *good = json(GOOD_SPEC);
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_json struct json_object *overrides = json(rows[i].change);
                struct json_object *merged = NULL;
                struct fail fail;
                assert_int_equal(profile_merge(good, overrides, &merged, &fail), FAIL_INVALID);
                assert_memory_equal(fail.text, rows[i].says, strlen(rows[i].says));
                assert_null(merged);
        }
}

static void as_many_workers_as_the_highest_rate_needs(void **state)
{
        static const struct { const char *change; uint32_t workers; } rows[] = {
                {"{'load':{'workers':'auto'}}", 1},
                {"{'load':{'workers':'auto','shape':[{'hold':{'rate':'20000/s','for':'9s'}}]}}", 1},
                {"{'load':{'workers':'auto','shape':[{'hold':{'rate':'20001/s','for':'9s'}}]}}", 2},
                {"{'load':{'workers':'auto','shape':[{'hold':{'rate':'5/s','for':'9s'}},{'ramp':{'from':'5/s','to':'50000/s','for':'9s'}}]}}", 3},
                {"{'target':{'scheme':'https'},'load':{'workers':'auto','shape':[{'hold':{'rate':'20001/s','for':'9s'}}]}}", 3},
                {"{'placement':{'resources':{'limits':{'cpu':'4'}}},'load':{'workers':'auto','shape':[{'hold':{'rate':'80000/s','for':'9s'}}]}}", 1},
                {"{'placement':{'resources':{'limits':{'cpu':'500m'}}},'load':{'workers':'auto','shape':[{'hold':{'rate':'80000/s','for':'9s'}}]}}", 8},
                {"{'load':{'workers':'auto','concurrency':{'connections':3},'shape':[{'hold':{'rate':'90000/s','for':'9s'}}]}}", 3},
                {"{'load':{'workers':'auto','concurrency':{'connections':300},'shape':[{'hold':{'rate':'9000000/s','for':'9s'}}]}}", 64},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
                auto_profile struct profile *profile = profile_with(rows[i].change);
                assert_int_equal(profile->workers, rows[i].workers);
        }
}

static void an_override_can_turn_growth_off(void **state)
{
        auto_json struct json_object *stored = json(GOOD_SPEC), *merged = NULL;
        auto_json struct json_object *grows = json("{'load':{'concurrency':{'whenBusy':'grow','maxConnections':100}}}");
        auto_json struct json_object *overrides = json("{'load':{'concurrency':{'whenBusy':'queue'}}}"), *queues = NULL;
        auto_profile struct profile *growing = NULL, *queueing = NULL;
        (void)state;

        assert_int_equal(profile_merge(stored, grows, &merged, NULL), FAIL_NONE);
        assert_int_equal(profile_decode(merged, &growing, NULL), FAIL_NONE);
        assert_int_equal(growing->connections_max, 100);
        assert_int_equal(profile_merge(merged, overrides, &queues, NULL), FAIL_NONE);
        assert_int_equal(profile_decode(queues, &queueing, NULL), FAIL_NONE);
        assert_int_equal(queueing->connections_max, 64);
}

static void an_override_replaces_lists_and_merges_objects(void **state)
{
        auto_json struct json_object *stored = json(GOOD_SPEC), *merged = NULL;
        auto_json struct json_object *overrides = json("{'load':{'workers':2,'concurrency':{'connections':8},"
                                                       "'shape':[{'closed':{'for':'3s'}}]},'limits':{'deadline':'5m'}}");
        (void)state;

        assert_int_equal(profile_merge(stored, overrides, &merged, NULL), FAIL_NONE);
        assert_int_equal(doc_int(merged, "load.workers", 0), 2);
        assert_int_equal(doc_int(merged, "load.concurrency.connections", 0), 8);
        assert_string_equal(doc_text(merged, "load.concurrency.whenBusy"), "queue");
        assert_int_equal(doc_len(merged, "load.shape"), 1);
        assert_string_equal(doc_text(merged, "load.shape[0].closed.for"), "3s");
        assert_null(doc_at(merged, "load.shape[0].hold"));
        assert_string_equal(doc_text(merged, "limits.deadline"), "5m");
        assert_string_equal(doc_text(merged, "limits.readyTimeout"), "5m");
        assert_string_equal(doc_text(stored, "load.shape[0].hold.rate"), "500/s"); /* the stored spec stays as it is */
}

/* ---- baseline ---- */

static void a_baseline_is_decoded_with_what_it_leaves_out(void **state)
{
        auto_profile struct profile *profile = profile_with(
                "{'baseline':{'from':'previous','gate':['errors.ratio','latency.p99','latency.p50'],'tolerance':{'latency.p99':'7.5%','errors.ratio':'0.2pp'}}}");
        auto_profile struct profile *closed = profile_with("{'load':{'shape':[{'closed':{'for':'5s'}}]},'baseline':{'from':'previous'}}");
        auto_profile struct profile *none = profile_with("{}");
        const struct profile_baseline *baseline = &profile->baseline;
        (void)state;

        assert_string_equal(baseline->primary, "latency.p99");
        assert_int_equal(baseline->gates_len, 2); /* the primary decides anyway */
        assert_false(baseline->warn_only || baseline->fail_inconclusive);
        assert_true(baseline->tolerance[comparable_find("latency.p99") - comparables] == 0.075);
        assert_true(baseline->tolerance[comparable_find("errors.ratio") - comparables] == 0.002);
        assert_true(baseline->tolerance[comparable_find("latency.p50") - comparables] == 0.03);
        assert_string_equal(closed->baseline.primary, "rate.achieved");
        assert_int_equal(none->baseline.from, PROFILE_BASELINE_NONE);
}

static void a_run_pins_its_baseline_over_the_profiles(void **state)
{
        auto_json struct json_object *spec = spec_with("{'baseline':{'from':'previous','primary':'latency.p50','onRegression':'warn'}}");
        auto_json struct json_object *bare = spec_with("{}");
        struct profile *pinned = NULL, *alone = NULL;
        (void)state;

        profile_pin_baseline(spec, "checkout-7f3a");
        profile_pin_baseline(bare, "checkout-7f3a");
        assert_int_equal(profile_decode(spec, &pinned, NULL), FAIL_NONE);
        assert_int_equal(profile_decode(bare, &alone, NULL), FAIL_NONE);
        assert_int_equal(pinned->baseline.from, PROFILE_BASELINE_PINNED);
        assert_string_equal(pinned->baseline.run, "checkout-7f3a");
        assert_string_equal(pinned->baseline.primary, "latency.p50");
        assert_true(pinned->baseline.warn_only);
        assert_string_equal(alone->baseline.primary, "latency.p99");
        profile_free(pinned);
        profile_free(alone);
}

/* ---- digest ---- */

static void digest_of(const char *change, char text[static PROFILE_DIGEST_MAX])
{
        auto_profile struct profile *profile = profile_with(change);
        profile_digest(profile, text);
}

static void writing_a_default_out_does_not_change_the_digest(void **state)
{
        static const char *const same[] = {
                "{'load':{'workers':1}}",
                "{'load':{'timeout':'5s','concurrency':{'connections':64}}}",
                "{'target':{'scheme':'http'}}",
                "{'load':{'requests':[{'name':'front','path':'/','method':'GET','weight':1}]}}",
                "{'load':{'requests':[{'name':'front'}]}}",
                "{'description':'x','suspend':true,'history':{'keep':3},'validity':{'minWindow':'1s'},'limits':{'deadline':'1h'},"
                "'objectives':[{'metric':'latency.p99','max':'5s'}],'placement':{'image':'a'},'baseline':{'from':'previous'}}",
                "{'context':{'mesh':{'detect':true},'require':[{'clientMeshed':true}]}}",
        };
        char plain[PROFILE_DIGEST_MAX], text[PROFILE_DIGEST_MAX];
        (void)state;

        digest_of("{}", plain);
        assert_memory_equal(plain, "v1:sha256:", 10);
        assert_int_equal(strlen(plain), 74);
        for (size_t i = 0; i < ARRAY_LEN(same); i++) {
                digest_of(same[i], text);
                assert_string_equal(text, plain);
        }
}

static void the_digest_of_a_known_profile_never_changes(void **state)
{
        char plain[PROFILE_DIGEST_MAX];
        (void)state;

        digest_of("{}", plain);
        assert_string_equal(plain, "v1:sha256:15adafc619cba7d854bb68a9a6a6b15c5672e5efdfacc8ba5d4b4b853a6c72d0");
}

static void what_is_required_is_decoded_in_its_order(void **state)
{
        auto_profile struct profile *profile = profile_with("{'context':{'require':[{'mesh.mtls':'strict'},{'serverMeshed':false}]}}");
        (void)state;

        assert_int_equal(profile->requirements_len, 2);
        assert_string_equal(profile->requirements[0].key, "mesh.mtls");
        assert_string_equal(profile->requirements[0].value, "strict");
        assert_string_equal(profile->requirements[1].key, "serverMeshed");
        assert_string_equal(profile->requirements[1].value, "false");
}

static void secrets_are_names_and_nothing_more(void **state)
{
        auto_profile struct profile *plain = profile_with("{}");
        auto_profile struct profile *header = profile_with("{'load':{'headersFrom':[{'name':'authorization','secretKeyRef':{'name':'token','key':'value'}}]}}");
        auto_profile struct profile *ca = profile_with("{'target':{'scheme':'https'},'load':{'tls':{'caFrom':{'secretKeyRef':{'name':'a','key':'ca.crt'}}}}}");
        auto_profile struct profile *client = profile_with("{'target':{'scheme':'https'},'load':{'tls':{'clientCertificateFrom':{'secretRef':{'name':'a'}}}}}");
        auto_profile struct profile *configmap = profile_with("{'target':{'scheme':'https'},'load':{'tls':{'caFrom':{'configMapKeyRef':{'name':'a','key':'b'}}}}}");
        (void)state;

        assert_int_equal(header->headers_from_len, 1);
        assert_string_equal(header->headers_from[0].name, "authorization");
        assert_string_equal(header->headers_from[0].secret, "token");
        assert_string_equal(header->headers_from[0].key, "value");
        assert_string_equal(ca->ca_secret_key, "ca.crt");
        assert_string_equal(client->client_secret, "a");
        assert_true(profile_names_secrets(header) && profile_names_secrets(ca) && profile_names_secrets(client));
        assert_false(profile_names_secrets(plain) || profile_names_secrets(configmap));
}

static void what_is_measured_changes_the_digest(void **state)
{
        static const char *const other[] = {
                "{'load':{'workers':2}}",
                "{'target':{'service':{'port':8080}}}",
                "{'load':{'requests':[{'name':'front','path':'/a'}]}}",
                "{'target':{'scheme':'https'},'load':{'tls':{'insecureSkipVerify':true}}}",
                "{'load':{'cooldown':'1s'}}",
                "{'load':{'headersFrom':[{'name':'authorization','secretKeyRef':{'name':'token','key':'value'}}]}}",
        };
        char plain[PROFILE_DIGEST_MAX], text[PROFILE_DIGEST_MAX];
        (void)state;

        digest_of("{}", plain);
        for (size_t i = 0; i < ARRAY_LEN(other); i++) {
                digest_of(other[i], text);
                assert_string_not_equal(text, plain);
        }
}

static void tls_written_out_with_its_default_is_no_difference(void **state)
{
        char plain[PROFILE_DIGEST_MAX], text[PROFILE_DIGEST_MAX];
        (void)state;

        digest_of("{'target':{'scheme':'https'}}", plain);
        digest_of("{'target':{'scheme':'https'},'load':{'tls':{'insecureSkipVerify':false}}}", text);
        assert_string_equal(text, plain);
}

/* What an administrator's cap is held against. */
static void the_peak_of_a_shape_is_that_of_its_highest_piece(void **state)
{
        static const struct { const char *shape; double peak_rps; } cases[] = {
                {"{'load':{'shape':[{'hold':{'rate':'500/s','for':'5s'}},{'ramp':{'from':'900/s','to':'0/s','for':'5s'}}]}}", 900},
                {"{'load':{'shape':[{'step':{'from':'1/s','to':'1200/m','steps':3,'for':'5s'}}]}}", 20},
                {"{'load':{'shape':[{'spike':{'base':'5/s','peak':'70/s','at':'1s','width':'1s','for':'5s'}}]}}", 70},
                {"{'load':{'shape':[{'sine':{'mean':'80/s','amplitude':'30/s','period':'1s','for':'5s'}}]}}", 110},
                {"{'load':{'shape':[{'closed':{'for':'5s'}}]}}", 0},
        };
        (void)state;

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                auto_profile struct profile *profile = profile_with(cases[i].shape);
                assert_true(profile->peak_rps == cases[i].peak_rps);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_smallest_profile_gets_every_default),
                cmocka_unit_test(what_is_wrong_is_refused_by_its_name),
                cmocka_unit_test(the_peak_of_a_shape_is_that_of_its_highest_piece),
                cmocka_unit_test(a_spec_too_large_for_its_plan_is_refused),
                cmocka_unit_test(a_run_changes_only_what_is_safe),
                cmocka_unit_test(as_many_workers_as_the_highest_rate_needs),
                cmocka_unit_test(an_override_can_turn_growth_off),
                cmocka_unit_test(an_override_replaces_lists_and_merges_objects),
                cmocka_unit_test(a_baseline_is_decoded_with_what_it_leaves_out),
                cmocka_unit_test(a_run_pins_its_baseline_over_the_profiles),
                cmocka_unit_test(writing_a_default_out_does_not_change_the_digest),
                cmocka_unit_test(the_digest_of_a_known_profile_never_changes),
                cmocka_unit_test(what_is_required_is_decoded_in_its_order),
                cmocka_unit_test(secrets_are_names_and_nothing_more),
                cmocka_unit_test(what_is_measured_changes_the_digest),
                cmocka_unit_test(tls_written_out_with_its_default_is_no_difference),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
