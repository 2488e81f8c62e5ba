using StreamUsage.ClientTests.Clients;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests;

/// <summary>Each client gives its caller the same with and without tracking, and its record has the client's
/// usage.</summary>
public sealed class ClientTests(TestBed bed) : IClassFixture<TestBed>
{
    public static TheoryData<string, Wiring, string> Calls
    {
        get
        {
            var rows = new TheoryData<string, Wiring, string>();
            foreach (string client in ClientCall.All.Keys)
            {
                foreach (Wiring wiring in (Wiring[])[Wiring.Handler, Wiring.InsideResilience, Wiring.OutsideResilience])
                {
                    rows.Add(client, wiring, "1.1");
                    if (!client.Contains("synchronous", StringComparison.Ordinal)) // .NET has no synchronous HTTP/2.
                    {
                        rows.Add(client, wiring, "2.0");
                    }
                }
            }

            return rows;
        }
    }

    public static TheoryData<string> Clients => [.. ClientCall.All.Keys];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_tracked_client_gives_the_same_answer_and_has_one_record(string client, Wiring wiring, string version)
    {
        ClientCall call = ClientCall.All[client];
        ClientView untracked = await AskAsync(call, Wiring.Untracked, version, "none");
        string requestId = Guid.NewGuid().ToString();

        ClientView view = await AskAsync(call, wiring, version, requestId);

        view.Seen.Should().Be(untracked.Seen).And.NotContain("Exception");
        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        record.Outcome.Should().Be(StreamOutcome.Completed);
        record.Anomalies.Should().Be(UsageAnomalies.None);
        record.Streamed.Should().Be(call.Fixture.EndsWith(".sse", StringComparison.Ordinal));
        Compare(record.Usage, view);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_refused_client_fails_the_same_and_has_one_record(string client)
    {
        Answer refusal = Answer.Error(429);
        ClientView untracked = await AskAsync(ClientCall.All[client], Wiring.Untracked, "1.1", "none", refusal);
        string requestId = Guid.NewGuid().ToString();

        ClientView view = await AskAsync(ClientCall.All[client], Wiring.Handler, "1.1", requestId, refusal);

        view.Seen.Should().Be(untracked.Seen);
        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        (record.Outcome, record.StatusCode).Should().Be((StreamOutcome.ProviderError, 429));
        record.Usage.TotalTokens.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_cut_answer_reads_the_same_and_has_one_record(string client)
    {
        Answer whole = Answer.Fixture(ClientCall.All[client].Fixture);
        Answer cut = whole with { Body = whole.Body[..(whole.Body.Length / 2)] };
        ClientView untracked = await AskAsync(ClientCall.All[client], Wiring.Untracked, "1.1", "none", cut);
        string requestId = Guid.NewGuid().ToString();

        ClientView view = await AskAsync(ClientCall.All[client], Wiring.Handler, "1.1", requestId, cut);

        view.Seen.Should().Be(untracked.Seen);
        (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Which.Status.Should().Be(UsageStatus.Failed);
    }

    private static void Compare(TokenUsage usage, ClientView view)
    {
        usage.TotalInputTokens.Should().Be(view.Input ?? usage.TotalInputTokens).And.BePositive();
        usage.CacheReadInputTokens.Should().Be(view.Cached ?? usage.CacheReadInputTokens);
        usage.OutputTokens.Should().Be(view.Output ?? usage.OutputTokens);
        (usage.ReasoningTokens ?? 0).Should().Be(view.Reasoning ?? usage.ReasoningTokens ?? 0);
    }

    private async Task<ClientView> AskAsync(ClientCall call, Wiring wiring, string version, string requestId, Answer? answer = null)
    {
        var httpVersion = Version.Parse(version);
        Uri address = bed.Server.Open(httpVersion, answer ?? Answer.Fixture(call.Fixture));
        using (UsageScope.Begin(new UsageContext { RequestId = requestId }))
        {
            return await call.AskAsync(bed.CreateClient(wiring, httpVersion), address);
        }
    }
}
