import HAProxy
import Testing

@Suite struct HAProxyStatisticsTests {
    private static let answer = """
        # pxname,svname,qcur,scur,stot,econ,eresp,wretr,wredis,status,weight,chkdown,lastchg,downtime,check_status,check_code,hrsp_2xx,hrsp_5xx,
        http-8080,FRONTEND,,3,120,,,,,OPEN,,,,,,,118,2,
        web,web-1,0,1,60,2,0,4,1,DOWN 1/2,1,3,12,40,L7STS,503,59,1,
        web,web-2,0,0,58,0,0,0,0,NOLB,1,0,5,0,L7OKC,404,58,0,
        web,BACKEND,0,1,118,2,0,4,1,UP,2,0,400,0,,,117,1,

        """

    @Test func everyLineIsReadByTheNamesOfItsColumns() throws {
        let lines = HAProxyStatistics.read(Self.answer)
        #expect(lines.map(\.kind) == [.frontend, .server, .server, .backend])
        let first = lines[1]
        #expect(first.name == "web-1" && first.status == "DOWN 1/2" && !first.isServing)
        #expect(first.check == "L7STS" && first.checkStatus == 503 && first.downs == 3 && first.downtime == 40)
        #expect(first.retries == 4 && first.redispatches == 1 && first.connectionErrors == 2)
        #expect(first.answers == [0, 59, 0, 0, 1])
        #expect(!lines[2].isServing && lines[2].checkStatus == 404)
        #expect(lines[3].isServing && lines[3].check == nil && lines[3].checkStatus == nil)
    }

    @Test(arguments: ["", "Unknown command", "# pxname,svname\nweb", "\u{0}\n,,,"])
    func whatIsNoAnswerHasNoLines(text: String) {
        #expect(HAProxyStatistics.read(text).isEmpty)
    }
}
