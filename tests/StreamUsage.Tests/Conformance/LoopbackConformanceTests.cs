using System.Security.Cryptography;
using System.Text;
using FluentAssertions.Execution;
using Microsoft.AspNetCore.Http;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>Every recorded stream over a real connection, in the ways that an HttpClient's user reads: the same bytes,
/// and the expected record. The server is Kestrel on loopback, one for the class.</summary>
public sealed class LoopbackConformanceTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    private const int RandomCuts = 20;
    private const int SmallBody = 4096;

    public enum Reading
    {
        Stream,
        Copy,
        Text,
    }

    [Theory]
    [MemberData(nameof(RecordedStreamTests.Streams), MemberType = typeof(RecordedStreamTests))]
    [MemberData(nameof(RecordedStreamTests.Bodies), MemberType = typeof(RecordedStreamTests))]
    public async Task A_recorded_stream_comes_through_a_connection_untouched_and_gives_the_expected_record(string format, string name)
    {
        RecordedStream stream = RecordedStreamTests.Find(format, name);
        byte[] body = stream.Body;

        foreach (Reading reading in Enum.GetValues<Reading>().Where(reading => reading != Reading.Text || !stream.IsBinary))
        {
            await VerifyAsync(stream, body, [], reading);
            await VerifyAsync(stream, body, Cuts(body, reading), reading);
        }
    }

    // A small body byte by byte, a large one at random.
    private static int[] Cuts(byte[] body, Reading reading)
    {
        var random = new Random(body.Length + (int)reading);
        return body.Length <= SmallBody ? [.. Enumerable.Range(1, body.Length - 1)]
            : [.. Enumerable.Range(0, RandomCuts).Select(_ => random.Next(1, body.Length)).Distinct().Order()];
    }

    private async Task VerifyAsync(RecordedStream stream, byte[] body, int[] cuts, Reading reading)
    {
        var sink = new RecordingSink();
        using HttpResponseMessage response =
            await provider.GetAsync(context => ServeAsync(context, stream.ContentType, body, cuts), cuts.Length % 2 == 0 ? "1.1" : "2.0");
        UsageTracking tracking =
            response.TrackUsage(sink, new UsageContext { ApiFormat = reading == Reading.Copy ? stream.ApiFormat : ApiFormat.Auto });

        byte[] seen = await ReadAsync(response.Content, reading);

        UsageRecord record = await tracking.Completion;
        using (new AssertionScope($"{stream} cut {cuts.Length} times, read as {reading}"))
        {
            Hash(seen).Should().Be(Hash(body));
            RecordedStreamTests.Verify(record, stream);
            record.BytesReceived.Should().Be(body.Length);
            sink.Records.Should().Equal(record);
        }
    }

    private static async Task ServeAsync(HttpContext context, string contentType, byte[] body, int[] cuts)
    {
        context.Response.ContentType = contentType;
        int from = 0;
        foreach (int to in cuts.Append(body.Length))
        {
            await context.Response.Body.WriteAsync(body.AsMemory(from..to));
            await context.Response.Body.FlushAsync();
            from = to;
        }
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, Reading reading)
    {
        var seen = new MemoryStream();
        switch (reading)
        {
            case Reading.Copy:
                await content.CopyToAsync(seen);
                return seen.ToArray();
            case Reading.Text:
                return Encoding.UTF8.GetBytes(await content.ReadAsStringAsync());
            default:
                await using (Stream stream = await content.ReadAsStreamAsync())
                {
                    var buffer = new byte[1400];
                    for (int length; (length = await stream.ReadAsync(buffer)) != 0;)
                    {
                        seen.Write(buffer, 0, length);
                    }
                }

                return seen.ToArray();
        }
    }

    private static string Hash(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));
}
