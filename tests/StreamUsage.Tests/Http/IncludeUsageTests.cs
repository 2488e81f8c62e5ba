using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Http;
using StreamUsage.Http.IncludeUsage;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>RequestStreamUsage: the usage of a Chat stream is asked for, tracked, and hidden from the caller.</summary>
public sealed class IncludeUsageTests
{
    private const string Request = """{"model":"gpt-5","stream":true,"messages":[]}""";

    private const string Asking = """{"stream_options":{"include_usage":true},"model":"gpt-5","stream":true,"messages":[]}""";

    private const string Text =
        """data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":null}""";

    private const string Stop =
        """data: {"id":"c1","object":"chat.completion.chunk","model":"gpt-5","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    private const string Usage =
        """
        data: {"id":"c1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}
        """;

    private const string Done = "data: [DONE]";

    [Theory]
    [InlineData("""{"stream":true}""", """{"stream_options":{"include_usage":true},"stream":true}""")]
    [InlineData("""{ "stream" : true }""", """{"stream_options":{"include_usage":true}, "stream" : true }""")]
    [InlineData("""{"stream":true,"stream_options":null}""", """{"stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"stream":true,"stream_options":{}}""", """{"stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData(
        """{"stream":true,"stream_options":{"x":1}}""", """{"stream":true,"stream_options":{"include_usage":true,"x":1}}""")]
    [InlineData(
        """{"stream":true,"stream_options":{"include_usage":false}}""", """{"stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData(
        """{"stream_options":{"x":{"include_usage":true},"include_usage": null},"stream":true}""",
        """{"stream_options":{"x":{"include_usage":true},"include_usage": true},"stream":true}""")]
    [InlineData("""{"a":{"stream":true}}""", null)]
    [InlineData("""{"stream":false}""", null)]
    [InlineData("""{"stream":true,"stream":false}""", null)]
    [InlineData("""{"stream":true,"stream_options":{"include_usage":true}}""", null)]
    [InlineData("""{"stream":true,"stream_options":7}""", null)]
    [InlineData("""{"stream":true,"stream_options":{},"stream_options":{}}""", null)]
    [InlineData("""{"stream":true""", null)]
    [InlineData("""{"stream":true} x""", null)]
    [InlineData("[]", null)]
    [InlineData("", null)]
    [InlineData("""{"\ud800aaaaaa":1,"stream":true}""", null)]
    public void A_request_that_streams_without_asking_is_edited_in_place(string request, string? edited)
    {
        byte[]? bytes = IncludeUsageEdit.Apply(Encoding.UTF8.GetBytes(request));

        (bytes is null ? null : Encoding.UTF8.GetString(bytes)).Should().Be(edited);
    }

    public static TheoryData<string, string> Bodies => new()
    {
        { Lines("\n", Text, Stop, Usage, Done), Lines("\n", Text, Stop, Done) },
        { Lines("\r\n", Text, Stop, Usage, Done), Lines("\r\n", Text, Stop, Done) },
        { Lines("\r", Text, Stop, Usage, Done), Lines("\r", Text, Stop, Done) },
        { Lines("\n", Text, Usage, Usage, Stop), Lines("\n", Text, Stop) },
        { Lines("\n", Text) + Usage, Lines("\n", Text) },
        { Lines("\n", Text) + Usage + "\n", Lines("\n", Text) },
        { $"{Text}\n{Usage}\n{Done}\n\n", $"{Text}\n{Done}\n\n" },
        { $"event: x\n{Usage}\n\n{Done}\n\n", $"event: x\n\n{Done}\n\n" },
        { $": comment\n{Usage}\n\n{Done}\n\n", $": comment\n{Done}\n\n" },
        { $"{Usage}\nid: 7\n\n{Done}\n\n", $"id: 7\n\n{Done}\n\n" },
        { Lines("\n", Usage.Replace("data: ", "data:"), Done), Lines("\n", Done) },
        { Lines("\n", """data: { "usage" : { } , "x" : [ "]" ] , "choices" : [ ] } """), "" },
    };

    public static TheoryData<string> Untouched => new()
    {
        Lines("\n", Text, Stop, Done),
        Lines("\n", """data: {"choices":[],"prompt_filter_results":[],"usage":null}""", Done),
        Lines("\n", """data: {"choices":[],"usage":"usage"}""", """data: {"choices":{},"usage":{}}"""),
        Lines("\n", """data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":8}}"""),
        Lines("\n", """data: {"choices":[]}""", """data: {"usage":{}}""", """data: {"x":{"choices":[],"usage":{}}}"""),
        Lines("\n", """data: {"x":"\"choices\":[],\"usage\":{}"}""", """data: {"choices":[],"usage":{}} {}"""),
        Lines("\n", """data: {"choice":[],"usages":{}}""", """data: {"choicess":[],"usage":{}}"""),
        Lines("\n", """data: {"cho\u0069ces":[],"usage":{}}"""),
        """data: {"choices":[],"usage":{}""",
        "dat",
        "data: {",
        "\n\n\r\n: x\r\r\ndata\ndata:\ndata: \n\n",
        """
        not data: {"choices":[],"usage":{}}


        """,
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task The_usage_chunk_is_removed_at_every_cut(string body, string seen)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);

        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            FilteredStream filtered = Filter(new PiecewiseStream(bytes, Math.Max(1, cut), cutOnce: true));
            (await Track.ReadToEndAsync(filtered)).Should().Be(seen, "cut at {0}", cut);
        }

        (await Track.ReadToEndAsync(Filter(new PiecewiseStream(bytes, 1)))).Should().Be(seen);
    }

    [Theory]
    [MemberData(nameof(Untouched))]
    public async Task Any_other_chunk_passes_at_every_cut(string body) => await The_usage_chunk_is_removed_at_every_cut(body, body);

    [Fact]
    public async Task A_chunk_passes_as_soon_as_it_cannot_be_the_usage()
    {
        var inner = new ScriptedBody();
        FilteredStream stream = Filter(inner);
        byte[] buffer = new byte[1000];

        inner.Add("""data: {"id":"c1","choices":[""");
        Task<int> reading = stream.ReadAsync(buffer, 0, 1000, TestContext.Current.CancellationToken);
        reading.IsCompleted.Should().BeFalse("it may be the usage");
        inner.Add("{");

        (await reading).Should().Be("""data: {"id":"c1","choices":[{""".Length);
        inner.Add("""  "x" """);
        (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().Be(6, "the rest of the chunk is not held back");
    }

    [Fact]
    public async Task What_was_held_back_comes_before_the_fault_of_the_body()
    {
        var inner = new ScriptedBody();
        inner.Add("""data: {"choices":[""");
        inner.Add(new IOException("reset"));
        FilteredStream stream = Filter(inner);
        byte[] buffer = new byte[1000];

        (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().Be(18);
        await stream.Awaiting(s => s.ReadAsync(buffer).AsTask()).Should().ThrowAsync<IOException>().WithMessage("reset");
    }

    [Fact]
    public async Task A_larger_event_than_the_limit_passes()
    {
        string body = $$$"""data: {"x":"{{{new string('x', 100)}}}","choices":[],"usage":{}}""" + "\n\n";

        using var stream = new FilteredStream(new PiecewiseStream(Encoding.UTF8.GetBytes(body), 10), new UsageChunkFilter(50));

        (await Track.ReadToEndAsync(stream)).Should().Be(body);
    }

    [Fact]
    public async Task A_small_buffer_gets_all_bytes()
    {
        byte[] body = Encoding.UTF8.GetBytes(Lines("\n", Text, Usage, Done));
        using FilteredStream stream = Filter(new PiecewiseStream(body, 50));
        var seen = new MemoryStream();
        byte[] buffer = new byte[3];
        for (int length; (length = stream.Read(buffer)) != 0;)
        {
            seen.Write(buffer, 0, length);
        }

        Encoding.UTF8.GetString(seen.ToArray()).Should().Be(Lines("\n", Text, Done));
    }

    public enum Way
    {
        Stream,
        Text,
        CopyTo,
        Synchronous,
    }

    [Theory]
    [CombinatorialWays]
    public async Task The_usage_is_asked_for_recorded_and_not_shown(Way way, bool isJsonContent)
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Stop, Usage, Done));
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);
        using HttpContent content = isJsonContent
            ? JsonContent.Create(new { model = "gpt-5", stream = true, messages = Array.Empty<string>() }) : Json(Request);
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Chat) { Content = content };

        (await ReadAsync(client, request, way)).Should().Be(Lines("\n", Text, Stop, Done));
        await tracker.DisposeAsync();

        provider.Received.Should().Equal((Asking, (long?)Asking.Length));
        request.Content.Should().BeSameAs(content);
        sink.Records.Should().ContainSingle().Which.Should().Match<UsageRecord>(r =>
            r.Outcome == StreamOutcome.Completed && r.InputSource == TokenSource.Reported
            && r.Usage.InputTokens == 8 && r.Usage.OutputTokens == 2);
    }

    [Fact]
    public async Task Without_the_option_nothing_is_added_or_removed()
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Usage, Done));
        await using var tracker = new UsageTracker(new RecordingSink());
        using HttpClient client = Client(tracker);

        (await PostAsync(client, provider.Chat)).Should().Be(Lines("\n", Text, Usage, Done));

        provider.Received.Single().Body.Should().Be(Request);
    }

    [Fact]
    public async Task A_caller_who_asks_gets_the_usage()
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Usage, Done));
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);

        (await PostAsync(client, provider.Chat, Asking)).Should().Be(Lines("\n", Text, Usage, Done));

        provider.Received.Single().Body.Should().Be(Asking);
    }

    [Theory]
    [InlineData("/v1/responses", "application/json", null)]
    [InlineData("/v1/chat/completions", "text/plain", null)]
    [InlineData("/v1/chat/completions", "application/json", "gzip")]
    public async Task No_other_request_is_edited(string path, string type, string? acceptEncoding)
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Done));
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Server.At(path));
        request.Content = new StringContent(Request, null, type);
        if (acceptEncoding is not null)
        {
            request.Headers.AcceptEncoding.ParseAdd(acceptEncoding);
        }

        await ReadAsync(client, request, Way.Text);

        provider.Received.Single().Body.Should().Be(Request);
    }

    [Theory]
    [InlineData(Way.Text)]
    [InlineData(Way.Synchronous)]
    public async Task A_provider_that_rejects_the_field_gets_the_callers_request_and_is_remembered(Way way)
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Stop, Done));
        provider.Rejection = """{"error":{"message":"Unrecognized request argument supplied: stream_options"}}""";
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);

        for (int i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, provider.Chat) { Content = Json(Request) };
            (await ReadAsync(client, request, way)).Should().Be(Lines("\n", Text, Stop, Done));
        }

        await tracker.DisposeAsync();
        provider.Received.Select(received => received.Body).Should().Equal(Asking, Request, Request);
        sink.Records.Select(record => record.StatusCode).Should().Equal(200, 200);
        tracker.Budget.Taken.Should().Be(0);
    }

    [Theory]
    [InlineData(Way.Text)]
    [InlineData(Way.Synchronous)]
    public async Task Another_400_reaches_the_caller_as_it_came(Way way)
    {
        string error = $$$"""{"error":{"message":"{{{new string('x', 100_000)}}}"}}""";
        await using var provider = await Provider.StartAsync("");
        provider.Rejection = error;
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Chat) { Content = Json(Request) };

        (await ReadAsync(client, request, way)).Should().Be(error);
        await tracker.DisposeAsync();

        provider.Received.Should().ContainSingle();
        sink.Records.Should().ContainSingle().Which.StatusCode.Should().Be(400);
    }

    [Fact]
    public async Task A_server_whose_error_only_repeats_the_request_is_asked_again()
    {
        await using var provider = await Provider.StartAsync("");
        provider.Rejection = """{"detail":[{"msg":"bad model","input":{"stream_options":{"include_usage":true}}}]}""";
        provider.RejectsAll = true;
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);

        await PostAsync(client, provider.Chat);
        await PostAsync(client, provider.Chat);
        await tracker.DisposeAsync();

        provider.Received.Select(received => received.Body).Should().Equal(Asking, Request, Asking, Request);
        sink.Records.Select(record => record.StatusCode).Should().Equal(400, 400);
    }

    [Fact]
    public async Task Another_400_that_came_asynchronously_can_be_read_synchronously()
    {
        await using var provider = await Provider.StartAsync("");
        provider.Rejection = "another error";
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Chat) { Content = Json(Request) };
        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        using var reader = new StreamReader(response.Content.ReadAsStream(TestContext.Current.CancellationToken));

        reader.ReadToEnd().Should().Be("another error");
    }

    [Fact]
    public async Task A_filtered_answer_is_copied_once_like_any_other()
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Usage, Done));
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Chat) { Content = Json(Request) };
        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        await response.Content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

        await response.Content.Awaiting(c => c.CopyToAsync(Stream.Null)).Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task A_request_with_a_digest_of_its_body_is_not_edited()
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Done));
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Chat) { Content = Json(Request) };
        request.Content.Headers.Add("Content-Digest", "sha-256=:AAAA:");

        await ReadAsync(client, request, Way.Text);

        provider.Received.Single().Body.Should().Be(Request);
    }

    [Theory]
    [InlineData(Way.Text)]
    [InlineData(Way.Synchronous)]
    public async Task A_400_whose_read_is_cancelled_is_disposed(Way way)
    {
        using var stop = new CancellationTokenSource();
        var refusal = new CancelledRefusal(stop);
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using var invoker = new HttpMessageInvoker(new UsageTrackingHandler(tracker, refusal));
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://host/v1/chat/completions") { Content = Json(Request) };

        Func<Task> send = async () => _ = way == Way.Synchronous
            ? invoker.Send(request, stop.Token) : await invoker.SendAsync(request, stop.Token);

        await send.Should().ThrowAsync<Exception>();
        refusal.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task An_error_whose_body_breaks_reaches_the_caller_up_to_the_break()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(async context =>
        {
            context.Response.StatusCode = 400;
            await LoopbackProvider.PrematureEnd("""{"error":""")(context);
        });
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using HttpClient client = Client(tracker);
        using var request = new HttpRequestMessage(HttpMethod.Post, server.At("v1/chat/completions")) { Content = Json(Request) };
        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Stream body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        byte[] buffer = new byte[100];

        (await body.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().Be(9);
        await body.Awaiting(b => b.ReadAsync(buffer).AsTask()).Should().ThrowAsync<HttpIOException>();
    }

    [Fact]
    public async Task A_handler_outside_can_send_the_request_again()
    {
        await using var provider = await Provider.StartAsync(Lines("\n", Text, Stop, Usage, Done));
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { RequestStreamUsage = true });
        using var invoker = new HttpMessageInvoker(new UsageTrackingHandler(tracker, new SocketsHttpHandler()));
        using var request = new HttpRequestMessage(HttpMethod.Post, provider.Chat);
        request.Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(Request)));
        request.Content.Headers.ContentType = new("application/json");

        for (int i = 0; i < 2; i++)
        {
            using HttpResponseMessage response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);
            (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be(Lines("\n", Text, Stop, Done));
        }

        await tracker.DisposeAsync();
        provider.Received.Select(received => received.Body).Should().Equal(Asking, Asking);
        sink.Records.Should().HaveCount(2).And.OnlyContain(record => record.OutputSource == TokenSource.Reported);
    }

    [Fact]
    public async Task An_answer_with_a_length_loses_it()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { RequestStreamUsage = true });
        using var client = new HttpClient(new UsageTrackingHandler(tracker, new Canned(Lines("\n", Text, Usage, Done))));
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://host/v1/chat/completions") { Content = Json(Request) };

        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        response.Content.Headers.ContentLength.Should().BeNull();
        response.Content.Headers.ContentType!.MediaType.Should().Be("text/event-stream");
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Should().Be(Lines("\n", Text, Done));
    }

    private static FilteredStream Filter(Stream body) => new(body, new UsageChunkFilter(1024 * 1024));

    private static string Lines(string end, params string[] lines) => string.Concat(lines.Select(line => line + end + end));

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static HttpClient Client(UsageTracker tracker) => new(new UsageTrackingHandler(tracker, new SocketsHttpHandler()));

    private static async Task<string> PostAsync(HttpClient client, Uri uri, string body = Request)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = Json(body) };
        return await ReadAsync(client, request, Way.Text);
    }

    private static async Task<string> ReadAsync(HttpClient client, HttpRequestMessage request, Way way)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using HttpResponseMessage response = way == Way.Synchronous
            ? await Task.Run(() => client.Send(request, HttpCompletionOption.ResponseHeadersRead, token), token)
            : await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        var copy = new MemoryStream();
        switch (way)
        {
            case Way.Stream:
                return await Track.ReadToEndAsync(await response.Content.ReadAsStreamAsync(token));
            case Way.CopyTo:
                await response.Content.CopyToAsync(copy, token);
                return Encoding.UTF8.GetString(copy.ToArray());
            case Way.Synchronous:
                response.Content.CopyTo(copy, null, token);
                return Encoding.UTF8.GetString(copy.ToArray());
            default:
                return await response.Content.ReadAsStringAsync(token);
        }
    }

    private sealed class CombinatorialWaysAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
            System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
            new([.. Enum.GetValues<Way>().SelectMany(way => new[] { new TheoryDataRow(way, false), new TheoryDataRow(way, true) })]);

        public override bool SupportsDiscoveryEnumeration() => true;
    }

    private sealed class Canned(string answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent(answer, Encoding.UTF8, "text/event-stream") });
    }

    /// <summary>Answers 400 with a body whose first read cancels the caller's token and breaks.</summary>
    private sealed class CancelledRefusal(CancellationTokenSource stop) : HttpMessageHandler
    {
        public bool IsDisposed { get; private set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            new(System.Net.HttpStatusCode.BadRequest) { Content = new StreamContent(new Body(this)) };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));

        private sealed class Body(CancelledRefusal owner) : MemoryStream
        {
            public override int Read(Span<byte> buffer)
            {
                owner.Stop();
                throw new IOException("reset");
            }

            public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

            public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
                new(Read(buffer.Span));

            protected override void Dispose(bool disposing)
            {
                owner.IsDisposed = true;
                base.Dispose(disposing);
            }
        }

        private void Stop() => stop.Cancel();
    }

    private sealed class Provider(string answer) : IAsyncDisposable
    {
        public ConcurrentQueue<(string Body, long? Length)> Received { get; } = new();

        /// <summary>The error for a request that asks for usage; null if it is answered.</summary>
        public string? Rejection { get; set; }

        /// <summary>Whether every request gets the error.</summary>
        public bool RejectsAll { get; set; }

        public LoopbackServer Server { get; private set; } = null!;

        public Uri Chat => Server.At("v1/chat/completions");

        public static async Task<Provider> StartAsync(string answer)
        {
            var provider = new Provider(answer);
            provider.Server = await LoopbackServer.StartAsync(provider.ServeAsync);
            return provider;
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();

        private async Task ServeAsync(HttpContext context)
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            Received.Enqueue((body, context.Request.ContentLength));
            bool isRejected = Rejection is not null && (RejectsAll || body.Contains("include_usage", StringComparison.Ordinal));
            await (isRejected
                ? LoopbackProvider.Whole(400, "application/json", Rejection!)(context)
                : LoopbackProvider.Events([.. answer.Chunk(37).Select(piece => new string(piece))])(context));
        }
    }

    /// <summary>A body that brings what a test adds, when it adds it.</summary>
    private sealed class ScriptedBody : Stream
    {
        private readonly System.Threading.Channels.Channel<object> _steps = System.Threading.Channels.Channel.CreateUnbounded<object>();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Add(object step) => _steps.Writer.TryWrite(step);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            object step = await _steps.Reader.ReadAsync(cancellationToken);
            return step is Exception fault ? throw fault : Encoding.UTF8.GetBytes((string)step, buffer.Span);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
