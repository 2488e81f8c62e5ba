using StreamUsage.ClientTests.Clients;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests;

/// <summary>Real recordings through real clients: the same with and without tracking, one record, and the client's
/// usage in it.</summary>
public sealed class RecordingTests(TestBed bed) : IClassFixture<TestBed>
{
    private static readonly Version Http = new(2, 0);

    public static TheoryData<string> ChatRecordings => [.. Recordings.Names("openai-chat")];

    public static TheoryData<string> ResponsesRecordings => [.. Recordings.Names("openai-responses")];

    public static TheoryData<string> ClaudeRecordings => [.. Recordings.Names("anthropic-messages")];

    [Theory]
    [MemberData(nameof(ChatRecordings))]
    public Task The_OpenAI_client_reads_the_same_chat(string name) => CompareAsync("openai-chat", name, "OpenAI chat, streamed");

    [Theory]
    [MemberData(nameof(ResponsesRecordings))]
    public Task The_OpenAI_client_reads_the_same_response(string name) =>
        CompareAsync("openai-responses", name, "OpenAI responses, streamed");

    [Theory]
    [MemberData(nameof(ClaudeRecordings))]
    public Task The_Anthropic_client_reads_the_same_message(string name) =>
        CompareAsync("anthropic-messages", name, "Anthropic messages, streamed");

    private async Task CompareAsync(string format, string name, string client)
    {
        byte[] body = Recordings.Read(format, name);
        string requestId = Guid.NewGuid().ToString();
        ClientView untracked = await AskAsync(body, client, Wiring.Untracked, requestId);

        ClientView view = await AskAsync(body, client, Wiring.Handler, requestId);

        view.Seen.Should().Be(untracked.Seen);
        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        if (view.Input is not null && record.Anomalies == UsageAnomalies.None)
        {
            record.Usage.TotalInputTokens.Should().Be(view.Input);

            // xAI counts reasoning beside the output.
            record.Usage.OutputTokens.Should().BeOneOf(view.Output!.Value, view.Output.Value + (view.Reasoning ?? 0));
            record.Usage.CacheReadInputTokens.Should().Be(view.Cached ?? 0);
        }
    }

    private async Task<ClientView> AskAsync(byte[] body, string client, Wiring wiring, string requestId)
    {
        Uri address = bed.Server.Open(Http, Answer.Of(body, "recording.sse"));
        using (UsageScope.Begin(new UsageContext { RequestId = requestId }))
        {
            return await ClientCall.All[client].AskAsync(bed.CreateClient(wiring, Http), address);
        }
    }
}
