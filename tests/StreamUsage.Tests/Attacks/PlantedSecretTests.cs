using System.Globalization;
using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>Forty secrets in twelve places each: none is in a record, its JSON, a file, a log line, a metric, an
/// exception of the library or a ToString, unless capture asked for the body that it stands in.</summary>
[Collection(AloneCollection.Name)] // Meters are the process's.
public sealed class PlantedSecretTests
{
    private const string Canary = "CANARY7";

    public static TheoryData<string> Secrets { get; } =
    [
        $"sk-{Canary}abcdefgh", $"sk-proj-{Canary}_abcdefgh", $"sk-ant-api03-{Canary}abcdefgh", $"pk-lf-{Canary}abcdefgh",
        $"rk_live_{Canary}abcdefgh", $"sk_test_{Canary}abcdefgh",
        $"AIza{Canary}abcdefghijklmnopqrstuvwxyz", $"AKIA{Canary}ABCDEFGH", $"ASIA{Canary}ABCDEFGH", $"ABSK{Canary}abcdefgh==",
        $"ghp_{Canary}abcdefgh", $"github_pat_{Canary}abcdefgh",
        $"glpat-{Canary}abcdefgh", $"xoxb-{Canary}-abcdefgh", $"hf_{Canary}abcdefgh", $"gsk_{Canary}abcdefgh", $"xai-{Canary}abcdefgh",
        $"r8_{Canary}abcdefgh", $"pplx-{Canary}abcdefgh",
        $"nvapi-{Canary}abcdefgh", $"ya29.{Canary}abcdefgh", $"eyJ{Canary}abcdefgh.eyJ{Canary}.{Canary}", $"npm_{Canary}abcdefgh",
        $"SG.{Canary}abcdefgh", $"whsec_{Canary}abcdefgh",
        $"Bearer {Canary}.abc-def", $"bearer {Canary}", $"Basic {Canary}abcd==", $"Authorization: Bearer {Canary}",
        $"proxy-authorization: Digest u={Canary}", $"Cookie: a={Canary}; b={Canary}",
        $"api_key={Canary}", $"x-api-key: {Canary}", $"password={Canary}", $"client_secret: {Canary}", $"refresh_token={Canary}",
        $"session_id={Canary}", $"Signature={Canary}",
        $"https://example.test/v1?key={Canary}&alt=sse", $"https://user:{Canary}@example.test/v1#access_token={Canary}",
    ];

    [Fact]
    public void There_are_forty_secrets() => Secrets.Select(secret => secret.Data).Distinct().Should().HaveCount(40);

    // The places: the answer's text, a provider's error message, a named error, the type and the message of an error
    // document, a page, a document of no protocol, the message of a transport's fault before and after the first byte,
    // the caller's own failure, the request's URL and body, the response's headers, the caller's and the provider's
    // request headers, URLs in kept headers, a request that got no response, an error and a fault of a session, and
    // exceptions of the user's code.
    [Theory]
    [MemberData(nameof(Secrets))]
    public async Task A_secret_is_nowhere_whatever_happens(string secret)
    {
        string json = JsonSerializer.Serialize(secret)[1..^1];
        (string Body, Exception? Fault)[] ends =
        [
            (Answers.Claude.Replace("Twenty-four characters..", json, StringComparison.Ordinal), null),
            (Answers.ClaudeStart + Answers.ClaudeError.Replace("Overloaded", $"it was {json}, so", StringComparison.Ordinal), null),
            ($"event: error\ndata: it was {secret}\n\n", null),
            ($"{{\"error\":{{\"type\":\"{json}\",\"message\":\"{json}\",\"code\":401}}}}", null),
            ($"<html><body>it was {secret} </body></html>", null),
            ($"{{\"unheard\":{{\"of\":\"{json}\"}},\"again\":\"{json}\"}}", null),
            (Answers.ClaudeStart, new IOException($"it was {secret}", new InvalidOperationException(secret))),
            ("", new HttpRequestException($"it was {secret}")),
        ];
        foreach ((string body, Exception? fault) in ends)
        {
            foreach (string? failure in (string?[])[null, $"it was {secret} of the caller"])
            {
                string seen = await RunAsync(secret, body, fault, failure, isDelivered: failure is null);

                seen.Should().NotContain(Canary, "this body was read: {0}", body).And.Contain("StatusCode").And.Contain("streamusage.");
            }
        }
    }

    [Fact]
    public async Task A_body_that_capture_asked_for_is_kept_as_it_is()
    {
        var options = new StreamUsageOptions { Capture = CapturedContent.Message | CapturedContent.Events | CapturedContent.RequestBody };
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        string body = Answers.Claude.Replace("Twenty-four characters..", $"sk-{Canary}abcdefgh", StringComparison.Ordinal);
        Stream tracked = tracker.Track(new ScriptedStream(body),
            new UsageContext { RequestBody = Encoding.UTF8.GetBytes($"\"sk-{Canary}abcdefgh\"") }, out UsageTracking tracking);

        await Track.ReadToEndAsync(tracked);

        UsageRecord record = await tracking.Completion;
        record.Response!.Message!.Content[0].Text.Should().Contain(Canary);
        string.Concat(record.Response.Events!).Should().Contain(Canary);
        Encoding.UTF8.GetString(record.Context.RequestBody.Span).Should().Contain(Canary);
    }

    // All that comes out of a response with the secret in each of its places.
    private static async Task<string> RunAsync(string secret, string body, Exception? fault, string? failure, bool isDelivered)
    {
        var seen = new StringBuilder();
        using var folder = new LineFolder();
        using var meters = new Meters();
        var log = new RecordingLog();
        var sink = new RecordingSink();
        var broken = new InvalidOperationException($"it was {secret} of the user's code");
        var options = new StreamUsageOptions
        {
            ThrowOnUnreadableStream = true,
            MaxDeliveryAttempts = 1,
            MeterFactory = meters,
            Estimator = new BrokenEstimator(broken),
            Pricing = new BrokenPricing(broken),
        }.AddParser(new ApiFormat("BROKEN"), new BrokenParser(broken));
        using (var file = new JsonLinesSink(folder.File, LineFolder.Quick))
        {
            var tracker = new UsageTracker(new TwoSinks(sink, file, isDelivered ? null : broken), options, log);
            using HttpResponseMessage response = Track.Response(
                new ScriptedStream(fault is null ? body.Length == 0 ? [] : [body] : body.Length == 0 ? [fault] : [body, fault]));
            response.RequestMessage = new HttpRequestMessage(
                HttpMethod.Post, $"https://u:{Uri.EscapeDataString(secret)}@example.test/v1/messages?key={Uri.EscapeDataString(secret)}");
            var headers = new Dictionary<string, string>();
            foreach (string name in (string[])["Authorization", "x-api-key", "X-Forwarded-Authorization", "Cf-Access-Jwt-Assertion", "DPoP",
                "X-Unheard-Of", "Cookie", "Location", "Referer"])
            {
                headers[name] = secret;
                response.Headers.TryAddWithoutValidation(name, secret);
            }

            headers["Via"] = response.Headers.TryAddWithoutValidation("Via", $"https://u:{Canary}@example.test/?key={Canary}")
                ? $"https://example.test/?key={Canary}" : "";
            UsageTracking tracking = response.TrackUsage(tracker, new UsageContext
            {
                RequestId = "request",
                RequestBody =
                    Encoding.UTF8.GetBytes($"{{\"messages\":[{{\"role\":\"user\",\"content\":{JsonSerializer.Serialize(secret)}}}]}}"),
                RequestHeaders = headers,
                ProviderRequestHeaders = headers,
            });
            if (failure is not null)
            {
                tracking.Fail(503, failure);
            }

            try
            {
                await Track.ReadToEndAsync(await response.Content.ReadAsStreamAsync());
            }
            catch (EmptyStreamException ours)
            {
                seen.Append(ours);
            }
            catch (Exception thrown) when (ReferenceEquals(thrown, fault))
            {
                // The caller's own: it is passed on as it came.
            }

            UsageTracking[] trackings = [tracking,
                tracker.RecordFailure(Track.Nothing, new HttpRequestException($"it was {secret}", new IOException(secret))),
                .. Talk(tracker, secret)];
            foreach (UsageTracking each in trackings)
            {
                UsageRecord record = await each.Completion;
                seen.Append(record).Append(record.Context).Append(record.Response).Append(each.Current).Append(each);
                seen.Append(Encoding.UTF8.GetString(UsageRecordJson.ToUtf8Bytes(record))).Append(JsonSerializer.Serialize(record));
            }

            await tracker.DisposeAsync();
            seen.Append(tracker).Append(options);
            seen.AppendJoin('\n', sink.Starts.Select(start => $"{start}{start.Context}{JsonSerializer.Serialize(start)}"));
        }

        seen.Append(LineFolder.Text(folder.File));
        foreach (RecordingLog.Line line in log.Lines)
        {
            seen.Append(CultureInfo.InvariantCulture,
                $"{line.Text} {string.Join(' ', line.Fields)} {(ReferenceEquals(line.Exception, broken) ? null : line.Exception)}");
        }

        log.Lines.Any(line => line.EventId == 3).Should().Be(!isDelivered, "an error line is looked through as well");

        return seen.AppendJoin(' ', meters.Measurements).ToString();
    }

    // Two responses of a socket: one ends with an error, one with the socket.
    private static UsageTracking[] Talk(UsageTracker tracker, string secret)
    {
        string json = JsonSerializer.Serialize($"it was {secret}");
        UsageSession session = tracker.TrackMessages(Track.Nothing);
        session.Receive(Encoding.UTF8.GetBytes("""{"type":"response.created","response":{"object":"realtime.response","id":"resp_1"}}"""));
        UsageTracking? failed = session.Receive(Encoding.UTF8.GetBytes(
            """{"type":"response.done","response":{"object":"realtime.response","id":"resp_1","status":"failed","status_details":"""
            + """{"type":"failed","error":{"type":"server_error","message":"""
            + json + "}}}}"));
        session.Receive(Encoding.UTF8.GetBytes("""{"type":"response.created","response":{"object":"realtime.response","id":"resp_2"}}"""));
        session.Complete(new IOException($"it was {secret}"));
        return [failed!];
    }

    private sealed class TwoSinks(RecordingSink first, JsonLinesSink second, Exception? fault) : IUsageSink
    {
        public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken) =>
            first.StartedAsync(start, cancellationToken);

        public async ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
        {
            await second.RecordAsync(record, cancellationToken);
            if (fault is not null)
            {
                throw fault;
            }
        }
    }

    private sealed class BrokenParser(Exception fault) : IUsageParser
    {
        public string Protocol => "broken";

        public ParserMatch Match(StreamEvent streamEvent) => throw fault;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state) => throw fault;
    }

    private sealed class BrokenEstimator(Exception fault) : ITokenEstimator
    {
        public int CountTokens(string? model, ReadOnlySpan<char> text) => throw fault;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => throw fault;

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => throw fault;
    }

    private sealed class BrokenPricing(Exception fault) : IUsagePricing
    {
        public UsageCost? Price(UsageRecord record) => throw fault;
    }
}
