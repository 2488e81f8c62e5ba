using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>An HttpClient whose model responses are tracked, whoever makes the requests.</summary>
public sealed class UsageTrackingHandlerTests
{
    private const string Request = """{"messages":[{"role":"user","model":"not this","content":"hi"}],"model":"claude-x","stream":true}""";

    [Theory]
    [InlineData("POST", "https://api.anthropic.com/v1/messages", "CLAUDE")]
    [InlineData("POST", "https://gateway/anthropic/v1/messages?beta=true", "CLAUDE")]
    [InlineData("POST", "https://api.openai.com/v1/chat/completions", "OPENAI")]
    [InlineData("POST", "https://x.openai.azure.com/openai/deployments/gpt-5/chat/completions?api-version=1", "OPENAI")]
    [InlineData("POST", "https://api.openai.com/v1/responses", "OPENAI")]
    [InlineData("POST", "https://api.openai.com/v1/embeddings", "OPENAI")]
    [InlineData("POST", "https://generativelanguage.googleapis.com/v1beta/models/gemini-3:streamGenerateContent?alt=sse", "GEMINI")]
    [InlineData("POST", "https://bedrock/model/anthropic.claude/converse-stream", "AUTO")]
    [InlineData("POST", "https://generativelanguage.googleapis.com/v1beta/interactions", "GEMINI")]
    [InlineData("POST", "https://api.openai.com/v1/responses/compact", "OPENAI")]
    [InlineData("POST", "https://api.openai.com/v1/images/generations", "OPENAI")]
    [InlineData("POST", "https://api.openai.com/v1/images/edits", "OPENAI")]
    [InlineData("POST", "https://api.openai.com/v1/audio/transcriptions", "OPENAI")]
    [InlineData("POST", "https://api.openai.com/v1/audio/translations", "OPENAI")]
    [InlineData("POST", "https://api.openai.com/v1/audio/speech", "OPENAI")]
    [InlineData("POST", "https://api.cohere.com/v2/chat", "COHERE")]
    [InlineData("POST", "https://api.cohere.com/v1/chat", "COHERE")]
    [InlineData("POST", "https://api.cohere.com/v2/embed", "COHERE")]
    [InlineData("POST", "https://api.cohere.com/v2/rerank", "AUTO")]
    [InlineData("POST", "https://api.mistral.ai/v1/conversations", "MISTRAL")]
    [InlineData("POST", "https://api.mistral.ai/v1/conversations/conv_1", "MISTRAL")]
    [InlineData("POST", "https://api.mistral.ai/v1/conversations/conv_1/restart", "MISTRAL")]
    [InlineData("POST", "https://bedrock/model/meta.llama3/invoke-with-response-stream", "AUTO")]
    [InlineData("POST", "https://api.openai.com/v1/conversations", null)]
    [InlineData("POST", "https://api.openai.com/v1/conversations/conv_1/items", null)]
    [InlineData("GET", "https://api.mistral.ai/v1/conversations/conv_1", null)]
    [InlineData("POST", "https://api.openai.com/v1/moderations", null)]
    [InlineData("POST", "https://api.openai.com/v1/responses/input_tokens", null)]
    [InlineData("POST", "https://generativelanguage.googleapis.com/v1beta/interactions/v1_a/cancel", null)]
    [InlineData("POST", "https://generativelanguage.googleapis.com/v1beta/models/gemini-3:countTokens", null)]
    [InlineData("POST", "https://api.anthropic.com/v1/messages/count_tokens", null)]
    [InlineData("POST", "https://api.anthropic.com/v1/messages/batches", null)]
    [InlineData("GET", "https://api.anthropic.com/v1/messages", null)]
    [InlineData("GET", "https://api.openai.com/v1/models", null)]
    [InlineData("POST", "https://api.openai.com/v1/files", null)]
    [InlineData("POST", "https://api.openai.com/v1/threads/thread_1/messages", null)]
    [InlineData("POST", "https://x.openai.azure.com/openai/threads/thread_1/messages?api-version=1", null)]
    [InlineData("GET", "https://api.openai.com/v1/threads/thread_1/messages", null)]
    [InlineData("POST", "https://api.openai.com/v1/threads/runs", null)]
    [InlineData("POST", "https://api.openai.com/v1/threads/thread_1/runs", null)]
    [InlineData("POST", "https://api.openai.com/v1/batches", null)]
    [InlineData("GET", "https://api.openai.com/v1/realtime?model=gpt-realtime", null)]
    [InlineData("GET", "https://api.openai.com/v1/responses/resp_1/input_items", null)]
    [InlineData("DELETE", "https://api.openai.com/v1/responses/resp_1", null)]
    [InlineData("GET", "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results", null)]
    [InlineData("POST", "https://lambda/functions/tool/invoke", null)]
    [InlineData("POST", "https://gateway/tenant/7/anthropic/v1/messages/", "CLAUDE")]
    [InlineData("POST", "https://api.mistral.ai/v1/fim/completions", "OPENAI")]
    [InlineData("POST", "https://gateway/mistral/v1/conversations", "MISTRAL")]
    [InlineData("POST", "https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse", "GEMINI")]
    [InlineData("POST", "https://vertex/v1/projects/p/locations/l/publishers/anthropic/models/claude:streamRawPredict", "AUTO")]
    public async Task A_models_answer_is_told_by_the_requests_path(string method, string uri, string? format)
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using HttpClient client = Client(tracker, new Provider());

        using HttpResponseMessage response =
            await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), uri), TestContext.Current.CancellationToken);
        await tracker.DisposeAsync();

        sink.Records.Select(record => record.Context.ApiFormat.Name).Should().Equal(format is null ? [] : [format]);
    }

    [Fact]
    public async Task What_the_context_leaves_out_is_found_and_what_it_says_stands()
    {
        var sink = new RecordingSink();
        var provider = new Provider(Answers.ChatText + Answers.ChatDone);
        var tracker = new UsageTracker(sink, new StreamUsageOptions { Estimator = new StreamUsage.Estimation.CharacterTokenEstimator() });
        using HttpClient client = Client(tracker, provider);
        var started = DateTimeOffset.UtcNow;
        using var request = new HttpRequestMessage(HttpMethod.Post,
            "https://host/v1/chat/completions")
        { Content = new StringContent(Request, Encoding.UTF8, "application/json") };
        HttpContent content = request.Content;
        request.SetUsageContext(new UsageContext { RequestId = "r1" });

        using HttpResponseMessage response =
            await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be(Answers.ChatText + Answers.ChatDone);
        await tracker.DisposeAsync();

        provider.Received.Should().Equal(Request);
        request.Content.Should().BeSameAs(content);
        sink.Records.Should().ContainSingle().Which.Should().Match<UsageRecord>(r =>
            r.Context.RequestId == "r1" && r.Context.Model == "claude-x" && r.Context.RequestBody.IsEmpty
            && r.StartedAt >= started && r.InputSource == TokenSource.Estimated && r.Usage.InputTokens == Request.Length / 4);

        using var named = new HttpRequestMessage(HttpMethod.Post,
            "https://host/anywhere")
        { Content = JsonContent.Create(new { model = "sent" }) };
        named.SetUsageContext(new UsageContext { Model = "said", ApiFormat = ApiFormat.OpenAI });
        using HttpResponseMessage second = await client.SendAsync(named, TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => sink.Records.Count == 2, TimeSpan.FromSeconds(30))
            .Should().BeTrue("a response after the stop is recorded like any other");
        sink.Records.Last().Context.Should().Match<UsageContext>(c => c.Model == "said" && c.ApiFormat == ApiFormat.OpenAI);
    }

    [Fact]
    public async Task The_model_is_in_the_path_where_the_body_has_none()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using HttpClient client = Client(tracker, new Provider());

        (await client.PostAsync("https://host/v1beta/models/gemini-3:generateContent",
            new StringContent("{}"), TestContext.Current.CancellationToken)).Dispose();
        (await client.PostAsync("https://host/model/a.b%3A1/converse", new StringContent("no json"), TestContext.Current.CancellationToken))
            .Dispose();
        await tracker.DisposeAsync();

        sink.Records.Select(record => record.Context.Model).Should().BeEquivalentTo("gemini-3", "a.b:1");
    }

    [Fact]
    public async Task A_scope_says_it_about_requests_that_an_sdk_makes()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using HttpClient client = Client(tracker, new Provider());
        using (UsageScope.Begin(new UsageContext { RequestId = "outer" }))
        {
            using (UsageScope.Begin(new UsageContext { RequestId = "inner" }))
            {
                await Ask();
            }

            await Ask();
            using HttpResponseMessage other = await client.GetAsync("https://host/v1/models", TestContext.Current.CancellationToken);
        }

        await Ask();
        await tracker.DisposeAsync();

        sink.Records.Select(record => record.Context.RequestId).Should().BeEquivalentTo("inner", "outer", null);

        async Task Ask()
        {
            await Task.Yield();
            (await client.PostAsync("https://host/v1/messages", new StringContent(Request), TestContext.Current.CancellationToken))
                .Dispose();
        }
    }

    [Fact]
    public async Task A_synchronous_request_is_tracked_too()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using HttpClient client = Client(tracker, new Provider(Answers.Claude));

        using HttpResponseMessage response = client.Send(
            new HttpRequestMessage(HttpMethod.Post, "https://host/v1/messages") { Content = new StringContent(Request) },
            TestContext.Current.CancellationToken);
        await tracker.DisposeAsync();

        sink.Records.Should().ContainSingle().Which
            .Should().Match<UsageRecord>(r => r.Context.Model == "claude-x" && r.Outcome == StreamOutcome.Completed);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData(1000, false)]
    [InlineData(1000, true)]
    public async Task A_large_body_is_sent_and_estimated_by_its_size(int? limit, bool isChunked)
    {
        var sink = new RecordingSink();
        var provider = new Provider(Answers.ChatText);
        var tracker = new UsageTracker(sink, limit is { } bytes ? new StreamUsageOptions { MaxRequestBodyBytes = bytes } : null);
        using HttpClient client = Client(tracker, provider);
        string body = $$"""{"model":"gpt-4o","messages":[{"role":"user","content":"{{new string('x', 5 * 1024 * 1024)}}"}]}""";

        (await client.PostAsync("https://host/v1/chat/completions",
            isChunked ? new UnmeasuredContent(body) : new StringContent(body), TestContext.Current.CancellationToken)).Dispose();
        await tracker.DisposeAsync();

        provider.Received.Single().Should().Be(body);
        sink.Records.Single().Should().Match<UsageRecord>(r =>
            r.Context.Model == "gpt-4o"
            && r.Context.RequestBody.IsEmpty && r.InputSource == TokenSource.Estimated && r.Usage.InputTokens == body.Length / 4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public async Task No_more_of_a_body_is_kept_than_the_option_says(int limit)
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { MaxRequestBodyBytes = limit, Capture = CapturedContent.RequestBody });
        using HttpClient client = Client(tracker, new Provider(Answers.ChatText));
        string body = $$"""{"messages":[{"role":"user","content":"{{new string('x', 100)}}"}],"model":"behind the limit"}""";

        (await client.PostAsync("https://host/v1/chat/completions", new StringContent(body), TestContext.Current.CancellationToken))
            .Dispose();
        await tracker.DisposeAsync();

        sink.Records.Single().Should().Match<UsageRecord>(r =>
            r.Context.Model == null && r.Context.RequestBody.IsEmpty
            && r.Response!.Truncated && r.InputSource == TokenSource.Estimated && r.Usage.InputTokens == body.Length / 4);
    }

    [Fact]
    public async Task A_larger_limit_has_a_larger_body_read()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(
            sink, new StreamUsageOptions { MaxRequestBodyBytes = 8 * 1024 * 1024, EstimationTimeout = TimeSpan.FromMinutes(5) });
        using HttpClient client = Client(tracker, new Provider(Answers.ChatText));
        string body =
            $$"""{"metadata":"{{new string('x', 5 * 1024 * 1024)}}","messages":[{"role":"user","content":"hello"}],"model":"gpt-4o"}""";

        (await client.PostAsync("https://host/v1/chat/completions", new StringContent(body), TestContext.Current.CancellationToken))
            .Dispose();
        await tracker.DisposeAsync();

        sink.Records.Single().Should().Match<UsageRecord>(r => r.Context.Model == "gpt-4o" && r.Usage.InputTokens == 7);
    }

    [Fact]
    public async Task A_factorys_client_takes_the_handler_from_the_container()
    {
        var sink = new RecordingSink();
        var services = new ServiceCollection();
        services.AddStreamUsage().AddSink(sink);
        services.AddHttpClient("model")
            .AddHttpMessageHandler<UsageTrackingHandler>().ConfigurePrimaryHttpMessageHandler(() => new Provider(Answers.Claude));
        await using ServiceProvider provider = services.BuildServiceProvider();

        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("model");
        (await client.PostAsync("https://host/v1/messages", new StringContent(Request), TestContext.Current.CancellationToken)).Dispose();
        await provider.GetRequiredService<UsageTracker>().DisposeAsync();

        sink.Records.Should().ContainSingle().Which.Usage.OutputTokens.Should().Be(15);
    }

    [Fact]
    public async Task A_request_that_fails_fails_as_it_would()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using HttpClient client = Client(tracker, new Provider(fault: new HttpRequestException("refused")));
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://host/v1/messages") { Content = new StringContent(Request) };
        HttpContent content = request.Content;

        await client.Awaiting(c => c.SendAsync(request)).Should().ThrowAsync<HttpRequestException>().WithMessage("refused");
        await tracker.DisposeAsync();

        request.Content.Should().BeSameAs(content);
        sink.Records.Should().ContainSingle().Which.Outcome.Should().Be(StreamOutcome.NoResponse);
    }

    [Fact]
    public async Task The_users_list_replaces_the_known_paths_or_extends_them()
    {
        var sink = new RecordingSink();
        var options = new StreamUsageOptions
        {
            ShouldTrack = request => UsageTrackingHandler.IsModelRequest(request) || request.RequestUri!.AbsolutePath == "/mine",
        };
        var tracker = new UsageTracker(sink, options);
        using HttpClient client = Client(tracker, new Provider(Answers.Claude));

        foreach (string path in (string[])["/mine", "/v1/messages", "/other"])
        {
            (await client.PostAsync("https://host" + path, new StringContent(Request), TestContext.Current.CancellationToken)).Dispose();
        }

        await tracker.DisposeAsync();
        sink.Records.Select(record => record.Context.ApiFormat).Should().BeEquivalentTo([ApiFormat.Auto, ApiFormat.Claude]);
    }

    [Fact]
    public async Task A_users_list_that_throws_leaves_the_known_paths()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { ShouldTrack = _ => throw new InvalidOperationException() });
        using HttpClient client = Client(tracker, new Provider(Answers.Claude));

        (await client.PostAsync("https://host/v1/messages", new StringContent(Request), TestContext.Current.CancellationToken)).Dispose();
        await tracker.DisposeAsync();

        sink.Records.Should().ContainSingle();
    }

    [Fact]
    public async Task A_response_without_a_context_is_warned_of_once_if_asked_for()
    {
        var log = new RecordingLog();
        var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { WarnWithoutContext = true }, log);
        using HttpClient client = Client(tracker, new Provider(Answers.Claude));
        using (UsageScope.Begin(new UsageContext()))
        {
            (await client.PostAsync("https://known/v1/messages", null, TestContext.Current.CancellationToken)).Dispose();
        }

        (await client.PostAsync("https://host/v1/messages", null, TestContext.Current.CancellationToken)).Dispose();
        (await client.PostAsync("https://host/v1/messages", null, TestContext.Current.CancellationToken)).Dispose();
        await tracker.DisposeAsync();

        log.Lines.Should().ContainSingle(line => line.EventId == 16).Which.Text.Should().Contain("host");
    }

    [Fact]
    public async Task A_response_that_the_handler_tracks_is_not_tracked_again_by_hand()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using HttpClient client = Client(tracker, new Provider(Answers.Claude));
        using HttpResponseMessage response = await client.PostAsync(
            "https://host/v1/messages", new StringContent(Request), TestContext.Current.CancellationToken);

        response.TrackUsage(tracker, new UsageContext { RequestId = "by hand" });
        await tracker.DisposeAsync();

        sink.Records.Should().ContainSingle();
    }

    [Fact]
    public async Task A_thousand_parallel_calls_under_nested_scopes_are_attributed_without_a_mix_up()
    {
        await using LoopbackServer server =
            await LoopbackServer.StartAsync(LoopbackProvider.Events(Answers.ClaudeStart, Answers.ClaudeStop));
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using var client = new HttpClient(new UsageTrackingHandler(tracker, new SocketsHttpHandler { MaxConnectionsPerServer = 64 }));

        await Task.WhenAll(Enumerable.Range(0, 500).Select(CallTwiceAsync));
        await tracker.DisposeAsync();

        sink.Records.Should().HaveCount(1000);
        sink.Records.Should().OnlyContain(record => record.Context.UserId == record.Context.Model);

        async Task CallTwiceAsync(int i)
        {
            using (UsageScope.Begin(Context($"outer-{i}")))
            {
                await Task.Yield();
                using (UsageScope.Begin(Context($"inner-{i}")))
                {
                    await CallAsync($"inner-{i}");
                }

                await CallAsync($"outer-{i}");
            }
        }

        // The body names as its model whose request it is.
        async Task CallAsync(string user)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, server.At("v1/messages"))
            {
                Content = new StringContent($$"""{"model":"{{user}}"}"""),
            };
            using HttpResponseMessage response = await client.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }

        static UsageContext Context(string user) => new() { UserId = user };
    }

    [Fact]
    public async Task The_copies_of_a_request_that_two_handlers_of_one_sink_made_are_both_released()
    {
        var sink = new RecordingSink();
        UsageTracker outer = new(sink), inner = new(sink);
        using HttpClient client = new(new UsageTrackingHandler(
            outer)
        { InnerHandler = new UsageTrackingHandler(inner) { InnerHandler = new Provider(Answers.Claude) } });
        string request = $$"""{"model":"m","messages":[{"role":"user","content":"{{new string('x', 100_000)}}"}]}""";

        (await client.PostAsync("https://host/v1/messages", new StringContent(request), TestContext.Current.CancellationToken)).Dispose();
        await inner.DisposeAsync();
        await outer.DisposeAsync();

        sink.Records.Should().ContainSingle();
        (inner.Budget.Taken, outer.Budget.Taken).Should().Be((0, 0));
    }

    private static HttpClient Client(UsageTracker tracker, Provider provider) =>
        new(new UsageTrackingHandler(tracker) { InnerHandler = provider });

    private sealed class UnmeasuredContent(string text) : HttpContent
    {
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            for (int sent = 0; sent < bytes.Length; sent += 70_000)
            {
                await stream.WriteAsync(bytes.AsMemory(sent, Math.Min(70_000, bytes.Length - sent)));
            }
        }
    }

    private sealed class Provider(string answer = "", Exception? fault = null) : HttpMessageHandler
    {
        public List<string> Received { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var sent = new MemoryStream();
            if (request.Content is { } content)
            {
                await content.CopyToAsync(sent, cancellationToken);
            }

            return Answer(sent);
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var sent = new MemoryStream();
            request.Content?.CopyTo(sent, null, cancellationToken);
            return Answer(sent);
        }

        private HttpResponseMessage Answer(MemoryStream sent)
        {
            Received.Add(Encoding.UTF8.GetString(sent.ToArray()));
            return fault is null
                ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer, Encoding.UTF8, "text/event-stream") }
                : throw fault;
        }
    }
}
