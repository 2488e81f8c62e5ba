using System.Net;
using System.Net.Http.Headers;
using System.Text;
using StreamUsage.Estimation;

namespace StreamUsage.Tests.Support;

/// <summary>Short ways to a tracked body.</summary>
internal static class Track
{
    public static UsageContext Nothing { get; } = new();

    /// <summary>Options for tests of something else than estimates, which can then say what an estimate must be: 4
    /// characters a token.</summary>
    public static StreamUsageOptions ByCharacters => new() { Estimator = new CharacterTokenEstimator() };

    /// <summary>A response as a handler would make it, with a body that is only read when it is asked for.</summary>
    public static HttpResponseMessage Response(Stream body, HttpStatusCode status = HttpStatusCode.OK) => new(status)
    {
        Content = new StreamContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("text/event-stream") } },
    };

    public static HttpResponseMessage Response(string body) => Response(new PiecewiseStream(Encoding.UTF8.GetBytes(body), 7));

    /// <summary>A tracked stream with the sink that its record goes to.</summary>
    public static Stream Stream(Stream body,
        out UsageTracking tracking, out RecordingSink sink, StreamUsageOptions? options = null, TrackedResponse? response = null)
    {
        sink = new RecordingSink();
        return new UsageTracker(sink, options).Track(body, Nothing, out tracking, response);
    }

    public static async Task<string> ReadToEndAsync(Stream stream)
    {
        var seen = new MemoryStream();
        var buffer = new byte[100];
        for (int length; (length = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)) != 0;)
        {
            seen.Write(buffer, 0, length);
        }

        return Encoding.UTF8.GetString(seen.ToArray());
    }
}
