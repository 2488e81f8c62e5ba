using System.IO.Compression;
using System.Net;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Differential;

/// <summary>
/// Whatever a content is asked, the tracked one says what the untracked one says: it asks the inner content, which
/// knows whether it can be read again.
/// </summary>
public sealed class ContentDifferentialTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    public static TheoryData<string, ContentSource, bool> Rows { get; } = MakeRows();

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_tracked_content_says_what_the_untracked_one_says(string name, ContentSource source, bool drains)
    {
        string expected = await RunAsync(name, source, null, drains);

        string actual = await RunAsync(name, source,
            new UsageTracker(new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = drains ? new DrainLimits() : null }),
            drains);

        actual.Should().Be(expected);
    }

    private static TheoryData<string, ContentSource, bool> MakeRows()
    {
        var rows = new TheoryData<string, ContentSource, bool>();
        foreach (string name in ContentCases.All.Keys)
        {
            foreach (ContentSource source in Enum.GetValues<ContentSource>())
            {
                if (IsComparable(name, source))
                {
                    rows.Add(name, source, false);
                    rows.Add(name, source, true);
                }
            }
        }

        return rows;
    }

    // A content that is in a buffer already ignores the limit of a further one. The tracked content has no buffer yet,
    // and heeds it.
    private static bool IsComparable(string name, ContentSource source) =>
        source != ContentSource.Buffered || name is not ("load into too small a buffer" or "wrong arguments");

    private async Task<string> RunAsync(string name, ContentSource source, UsageTracker? tracker, bool drains)
    {
        using HttpResponseMessage response = await OpenAsync(source);
        _ = tracker is null ? null : response.TrackUsage(tracker, Track.Nothing);
        var transcript = new Transcript(drains);
        await ContentCases.All[name](response.Content, transcript);
        return transcript.ToString();
    }

    private async Task<HttpResponseMessage> OpenAsync(ContentSource source)
    {
        if (source is ContentSource.Http1 or ContentSource.Http2 or ContentSource.Buffered)
        {
            return await provider.SendAsync(
                LoopbackProvider.Events(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta + Answers.ClaudeStop),
                source == ContentSource.Http2 ? "2.0" : "1.1",
                source == ContentSource.Buffered ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead);
        }

        HttpContent content = source switch
        {
            ContentSource.ByteArray => new ByteArrayContent(Answers.ClaudeBytes),
            ContentSource.Text => new StringContent(Answers.Claude),
            ContentSource.SeekableStream => new StreamContent(new MemoryStream(Answers.ClaudeBytes)),
            ContentSource.UnseekableStream => new StreamContent(
                new GZipStream(new MemoryStream(Encoded.Encode("gzip", Answers.ClaudeBytes)), CompressionMode.Decompress)),
            ContentSource.File => new StreamContent(OpenFile()),
            _ => new GeneratedContent(),
        };
        content.Headers.TryAddWithoutValidation("X-Two", ["a", "b"]);
        return new HttpResponseMessage { Content = content };
    }

    private static FileStream OpenFile()
    {
        var file = new FileStream(
            Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 4096, FileOptions.DeleteOnClose);
        file.Write(Answers.ClaudeBytes);
        file.Position = 0;
        return file;
    }

    /// <summary>Content that writes itself anew each time it is asked, and does not know its length.</summary>
    private sealed class GeneratedContent : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Answers.ClaudeBytes.AsMemory(0, 100));
            await Task.Yield();
            await stream.WriteAsync(Answers.ClaudeBytes.AsMemory(100));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
