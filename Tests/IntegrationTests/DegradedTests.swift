import Foundation
import LocalStack
import LoopbackServers
import RESP
import RedisClient
import Testing
import Topology

/// All Redis nodes die: a page of the shop, as the plugin's phpredis asks for it, sees misses and no error.
@Suite(.serialized) struct DegradedTests {
    @Test(.timeLimit(.minutes(2)), arguments: [SIGKILL, SIGSTOP])
    func aPageWithoutAnyRedis(fault: Int32) async throws {
        try await withStack { topology, options in
            topology.sidecar?.onTimeout = .degrade
            options.sidecars = .first(1)
            options.proxyExecutable = ServerProcess.builtProgram("breakwater-proxy").path
        } body: { stack in
            let sidecar = try #require(stack.members(.sidecar).first?.endpoint)
            let client = try await RedisConnection.connect(to: .tcp(sidecar))
            try await eventually("a write succeeds") {
                try await client.send(["SET", "kept", "before"]) == .simpleString("OK")
            }
            #expect(try await client.send(["INCR", "counter"]) == .integer(1))
            let warm = try await page(sidecar)
            #expect(warm["get"] as? String == "before")

            let nodes = stack.members(.redis).map(\.name)
            for node in nodes { stack.signal(node, fault) }
            if fault == SIGKILL { for node in nodes { await stack.ended(node) } }
            for number in 0..<3 {
                let cold = try await page(sidecar)
                #expect(cold["error"] == nil, "\(cold)")
                #expect(cold["get"] as? Bool == false)
                #expect(cold["mget"] as? [Bool] == [false, false, false])
                #expect(cold["set"] as? Bool == true && cold["setex"] as? Bool == true)
                #expect(cold["lock"] as? Bool == false, "two clients could have got the lock")
                #expect(cold["del"] as? Int == 0)
                #expect(cold["piped"] as? [Bool] == [true, false, false])
                #expect(cold["version"] as? String == warm["version"] as? String)
                let longest = try #require(cold["longest"] as? Double)
                #expect(longest < (number == 0 ? 1 : 0.2), "one command took \(longest) s")
            }
            let counting = try await RedisConnection.connect(to: .tcp(sidecar))
            await #expect(throws: RedisConnectionError.self) { try await counting.send(["INCR", "counter"]) }
            await client.close()

            for node in nodes {
                if fault == SIGKILL { try stack.start(node) } else { stack.signal(node, SIGCONT) }
            }
            let later = try await RedisConnection.connect(to: .tcp(sidecar))
            // Empty or not, the store itself answers again, and nothing that was forgotten is in it.
            try await eventually(within: .seconds(60), "the store is back") {
                try await later.pipeline([["SET", "probe", "v"], ["GET", "probe"]]).map(\.string) == ["OK", "v"]
            }
            #expect(try await later.send(["EXISTS", "page:new", "page:lock"]) == .integer(0))
            let counter = try await later.send(["INCR", "counter"])
            #expect(counter == .integer(1) || counter == .integer(2), "\(counter)")
            await later.close()
        }
    }

    /// One request of the plugin: connect, PING, INFO, then reads, writes, a lock and a pipeline.
    private func page(_ sidecar: RedisEndpoint) async throws -> [String: Any] {
        let text = try await onThread { () -> Data in
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["php", "-r", Self.script, sidecar.host, String(sidecar.port)]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return data
        }
        return try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
    }

    private static let script = #"""
        $longest = 0.0;
        function timed(callable $call) {
            global $longest;
            $start = microtime(true);
            $result = $call();
            $longest = max($longest, microtime(true) - $start);
            return $result;
        }
        $out = [];
        try {
            $redis = new Redis();
            timed(fn () => $redis->connect($argv[1], (int) $argv[2], 1.0, null, 0, 1.0));
            timed(fn () => $redis->select(1));
            timed(fn () => $redis->ping());
            $out['version'] = timed(fn () => $redis->info())['redis_version'] ?? null;
            timed(fn () => $redis->select(0));
            $out['get'] = timed(fn () => $redis->get('kept'));
            $out['mget'] = timed(fn () => $redis->mget(['page:a', 'page:b', 'page:c']));
            $out['set'] = timed(fn () => $redis->set('page:new', str_repeat('v', 300000)));
            $out['setex'] = timed(fn () => $redis->setex('page:timed', 60, 'v'));
            $out['lock'] = timed(fn () => $redis->set('page:lock', '1', ['nx', 'ex' => 5]));
            $out['del'] = timed(fn () => $redis->del('page:gone'));
            $out['piped'] = timed(fn () => $redis->pipeline()
                ->set('page:p', 'v')->get('page:q')->set('page:l', 'v', ['nx', 'ex' => 5])->exec());
            timed(fn () => $redis->zAdd('metrics', microtime(true), 'sample'));
            timed(fn () => $redis->del('page:new', 'page:lock', 'page:l', 'page:p'));
        } catch (RedisException $error) {
            $out['error'] = $error->getMessage();
        }
        $out['longest'] = $longest;
        echo json_encode($out);
        """#
}
