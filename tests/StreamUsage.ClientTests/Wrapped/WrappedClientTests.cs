using Microsoft.Extensions.AI;
using StreamUsage.ClientTests.Clients;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Wrapped;

/// <summary>A chat client with <c>UseUsageTracking</c> over real clients, with and without a handler below.</summary>
public sealed class WrappedClientTests(TestBed bed) : IClassFixture<TestBed>
{
    private static readonly Version Http = new(1, 1);

    private static readonly Dictionary<string, Func<HttpClient, Uri, IChatClient>> Clients = new()
    {
        ["chat"] = ExtensionsAICalls.OverChat,
        ["responses"] = ExtensionsAICalls.OverResponses,
        ["claude"] = ExtensionsAICalls.OverAnthropic,
    };

    public static TheoryData<string, bool, Wiring> Calls
    {
        get
        {
            var rows = new TheoryData<string, bool, Wiring>();
            foreach (string client in Clients.Keys)
            {
                foreach (Wiring wiring in Enum.GetValues<Wiring>())
                {
                    rows.Add(client, true, wiring);
                    rows.Add(client, false, wiring);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_has_one_record_with_or_without_a_handler(string client, bool isStreamed, Wiring wiring)
    {
        ClientView bare = await AskAsync(client, isStreamed, Wiring.Untracked, requestId: null);
        string requestId = Guid.NewGuid().ToString();

        ClientView view = await AskAsync(client, isStreamed, wiring, requestId);

        view.Seen.Should().Be(bare.Seen);
        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        record.Outcome.Should().Be(StreamOutcome.Completed);
        record.Anomalies.Should().Be(UsageAnomalies.None);
        record.Streamed.Should().Be(isStreamed);
        record.Context.UserId.Should().Be("user-1");
        record.HttpStatusCode.Should().Be(wiring == Wiring.Untracked ? null : 200);
        (record.Protocol == "extensions-ai").Should().Be(wiring == Wiring.Untracked);
        record.Usage.TotalInputTokens.Should().Be(view.Input);
        record.Usage.CacheReadInputTokens.Should().Be(view.Cached);
        record.Usage.OutputTokens.Should().Be(view.Output);
        (record.Usage.ReasoningTokens ?? 0).Should().Be(view.Reasoning ?? 0);
        record.Usage.CacheCreationInputTokens.Should().Be(client == "claude" ? 310 : 0);
    }

    [Theory]
    [InlineData(Wiring.InsideResilience, 2)]
    [InlineData(Wiring.OutsideResilience, 1)]
    [InlineData(Wiring.Untracked, 1)]
    public async Task A_repeated_request_has_a_record_for_each_response_that_is_seen(Wiring wiring, int records)
    {
        Uri address = bed.Server.Open(Http, Answer.Error(503), Answer.Fixture("chat.sse"));
        string requestId = Guid.NewGuid().ToString();
        HttpClient http = bed.CreateClient(wiring == Wiring.Untracked ? Wiring.OutsideResilience : wiring, Http);
        IChatClient client = Wrap(ExtensionsAICalls.OverChat(http, address));

        await ExtensionsAICalls.StreamAsync(client, new ClientView(), Options(requestId));

        UsageRecord[] made = await bed.RecordsOfAsync(requestId);
        made.Should().HaveCount(records);
        made[^1].Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task Calls_of_functions_are_recorded_one_by_one()
    {
        const string Call = """
            {"id":"chatcmpl-0","object":"chat.completion","created":1767225600,"model":"gpt-5-mini","choices":[{"index":0,"message":{"role":
            "assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"GetTime","arguments":"{}"}}]},
            "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":50,"completion_tokens":10,"total_tokens":60}}
            """;
        Answer call = Answer.Of(System.Text.Encoding.UTF8.GetBytes(Call), "call.json");
        Uri address = bed.Server.Open(Http, call, Answer.Fixture("chat.json"));
        string requestId = Guid.NewGuid().ToString();
        IChatClient client = ExtensionsAICalls.OverChat(bed.CreateClient(Wiring.Untracked, Http), address).AsBuilder()
            .UseFunctionInvocation().UseUsageTracking().Build(bed.Services);
        ChatOptions options = Options(requestId);
        options.Tools = [AIFunctionFactory.Create(() => "noon", "GetTime")];

        ChatResponse response = await client.GetResponseAsync("Hello", options, TestContext.Current.CancellationToken);

        UsageRecord[] records = await bed.RecordsOfAsync(requestId);
        records.Select(record => record.Usage.OutputTokens).Should().Equal(10, 80);
        response.Usage!.OutputTokenCount.Should().Be(90);
    }

    [Theory]
    [InlineData(Wiring.Untracked)]
    [InlineData(Wiring.Handler)]
    public async Task An_abandoned_stream_is_recorded_once_as_aborted(Wiring wiring)
    {
        byte[] half = [.. Answer.Fixture("chat.sse").Pieces.Take(3).SelectMany(piece => piece.ToArray())];
        Uri address = bed.Server.Open(Http, Answer.Of(half, "chat.sse") with { Stalls = true });
        string requestId = Guid.NewGuid().ToString();
        IChatClient client = Wrap(ExtensionsAICalls.OverChat(bed.CreateClient(wiring, Http), address));

        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Hello", Options(requestId)))
        {
            if (update.Text.EndsWith("fixture.", StringComparison.Ordinal))
            {
                break;
            }
        }

        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        record.Outcome.Should().Be(StreamOutcome.ClientAborted);
        record.OutputSource.Should().Be(TokenSource.Estimated);
        record.InputSource.Should().Be(TokenSource.Estimated);
    }

    [Theory]
    [InlineData(Wiring.Untracked, StreamOutcome.NoResponse)]
    [InlineData(Wiring.Handler, StreamOutcome.ProviderError)]
    public async Task A_refused_call_is_recorded_once(Wiring wiring, StreamOutcome outcome)
    {
        Uri address = bed.Server.Open(Http, Answer.Error(429));
        string requestId = Guid.NewGuid().ToString();
        IChatClient client = Wrap(ExtensionsAICalls.OverChat(bed.CreateClient(wiring, Http), address));

        Func<Task> ask = () => client.GetResponseAsync("Hello", Options(requestId), TestContext.Current.CancellationToken);

        await ask.Should().ThrowAsync<System.ClientModel.ClientResultException>();
        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        record.Outcome.Should().Be(outcome);
        record.Usage.TotalTokens.Should().Be(0);
    }

    [Theory]
    [InlineData(Wiring.Untracked, "extensions-ai")]
    [InlineData(Wiring.Handler, "openai-embeddings")]
    public async Task Embeddings_have_one_record(Wiring wiring, string protocol)
    {
        Uri address = bed.Server.Open(Http, Answer.Fixture("embeddings.json"));
        string requestId = Guid.NewGuid().ToString();
        var options = new EmbeddingGenerationOptions();
        options.SetUsageContext(new UsageContext { RequestId = requestId });
        IEmbeddingGenerator<string, Embedding<float>> generator =
            OpenAICalls.Create(bed.CreateClient(wiring, Http), address).GetEmbeddingClient("text-embedding-3-small").AsIEmbeddingGenerator()
                .AsBuilder().UseUsageTracking().Build(bed.Services);

        GeneratedEmbeddings<Embedding<float>> embeddings =
            await generator.GenerateAsync(["Hello"], options, TestContext.Current.CancellationToken);

        embeddings[0].Vector.ToArray().Should().Equal(1, 2);
        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        record.Protocol.Should().Be(protocol);
        record.Operation.Should().Be("embeddings");
        record.Usage.Should().Be(new TokenUsage { InputTokens = 7 });
        record.Outcome.Should().Be(StreamOutcome.Completed);
    }

    private static ChatOptions Options(string requestId)
    {
        var options = new ChatOptions();
        options.SetUsageContext(new UsageContext { RequestId = requestId, UserId = "user-1" });
        return options;
    }

    private IChatClient Wrap(IChatClient client) => client.AsBuilder().UseUsageTracking().Build(bed.Services);

    private async Task<ClientView> AskAsync(string client, bool isStreamed, Wiring wiring, string? requestId)
    {
        Uri address = bed.Server.Open(Http, Answer.Fixture($"{client}.{(isStreamed ? "sse" : "json")}"));
        IChatClient inner = Clients[client](bed.CreateClient(wiring, Http), address);
        var view = new ClientView();
        if (requestId is null)
        {
            await (isStreamed ? ExtensionsAICalls.StreamAsync(inner, view) : ExtensionsAICalls.ChatAsync(inner, view));
        }
        else
        {
            IChatClient wrapped = Wrap(inner);
            ChatOptions options = Options(requestId);
            await (isStreamed
                ? ExtensionsAICalls.StreamAsync(wrapped, view, options) : ExtensionsAICalls.ChatAsync(wrapped, view, options));
        }

        return view;
    }
}
