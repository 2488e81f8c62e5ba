using System.Security.Cryptography;
using FluentAssertions.Execution;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>Every recorded stream under gzip and br, over a real connection: the encoded bytes as they were sent, and
/// the record and the message of the plain ones.</summary>
public sealed class EncodedStreamTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    [Theory]
    [MemberData(nameof(RecordedStreamTests.Streams), MemberType = typeof(RecordedStreamTests))]
    public async Task A_recorded_stream_under_an_encoding_passes_as_it_is_and_gives_the_expected_record(string format, string name)
    {
        SharedFiles.Require("corpus", format);
        RecordedStream stream = RecordedStream.All(format).Single(s => s.Name == name);
        byte[] body = stream.Body;
        var random = new Random(body.Length);
        foreach (string encoding in (string[])["gzip", "br"])
        {
            await VerifyAsync(stream, encoding, [Encoded.Encode(encoding, body)]);
            int[] cuts = [0, .. Enumerable.Range(0, 20).Select(_ => random.Next(body.Length)).Distinct().Order(), body.Length];
            await VerifyAsync(stream, encoding, Encoded.Encode(encoding, cuts.Zip(cuts.Skip(1), (from, to) => body[from..to])));
        }
    }

    private async Task VerifyAsync(RecordedStream stream, string encoding, List<byte[]> pieces)
    {
        var options =
            new StreamUsageOptions { Capture = CapturedContent.Message | CapturedContent.Events, MaxCapturedBytes = 64 * 1024 * 1024 };
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        using HttpResponseMessage response = await provider.GetAsync(
            async context =>
            {
                context.Response.ContentType = "text/event-stream";
                context.Response.Headers.ContentEncoding = encoding;
                foreach (byte[] piece in pieces)
                {
                    await context.Response.Body.WriteAsync(piece);
                    await context.Response.Body.FlushAsync();
                }
            },
            encoding == "br" ? "1.1" : "2.0");
        UsageTracking tracking =
            response.TrackUsage(tracker, new UsageContext { ApiFormat = pieces.Count == 1 ? stream.ApiFormat : ApiFormat.Auto });

        byte[] seen = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        UsageRecord record = await tracking.Completion;
        byte[] sent = [.. pieces.SelectMany(piece => piece)];
        using (new AssertionScope($"{stream} under {encoding} in {pieces.Count} pieces"))
        {
            Convert.ToHexString(SHA256.HashData(seen)).Should().Be(Convert.ToHexString(SHA256.HashData(sent)));
            record.BytesReceived.Should().Be(sent.Length);
            RecordedStreamTests.Verify(record, stream);
            CapturedStreamTests.VerifyMessage(record, stream);
        }
    }
}
