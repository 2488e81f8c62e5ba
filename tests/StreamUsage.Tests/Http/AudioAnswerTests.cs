using System.Net;
using System.Net.Http.Headers;
using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>
/// Answers of the audio endpoints that say nothing of themselves, and requests that upload a recording.
/// </summary>
public sealed class AudioAnswerTests : IAsyncDisposable
{
    private static readonly byte[] Recording = [.. Enumerable.Range(0, 3000).Select(i => (byte)i)];

    private readonly RecordingSink _sink = new();
    private readonly UsageTracker _tracker;

    public AudioAnswerTests() =>
        _tracker = new UsageTracker(_sink, new StreamUsageOptions { EstimationTimeout = TimeSpan.FromMinutes(5) });

    public ValueTask DisposeAsync() => _tracker.DisposeAsync();

    [Theory]
    [InlineData(true, StreamOutcome.Completed)]
    [InlineData(false, StreamOutcome.ClientAborted)]
    public async Task A_spoken_answer_is_complete_where_its_recording_is_and_its_input_is_estimated(
        bool isReadToItsEnd, StreamOutcome outcome)
    {
        var request = new StringContent(
            """{"model":"gpt-4o-mini-tts","input":"The quick brown fox jumps over the lazy dog.","voice":"coral"}""");

        UsageRecord record = await AskAsync("https://api.openai.com/v1/audio/speech", request, Recording, "audio/mpeg", isReadToItsEnd);

        record.Should().BeEquivalentTo(new
        {
            Protocol = "openai-audio",
            ApiFormat = ApiFormat.OpenAI,
            Operation = "speech",
            Outcome = outcome,
            InputSource = TokenSource.Estimated,
            OutputSource = TokenSource.None,
            SkippedEvents = 0,
            Context = new { Model = "gpt-4o-mini-tts" },
        });
        record.Usage.InputTokens.Should().BeInRange(8, 25);
    }

    [Theory]
    [InlineData("text/plain; charset=utf-8")]
    [InlineData("text/vtt")]
    public async Task A_transcript_in_plain_text_is_output(string contentType)
    {
        UsageRecord record = await AskAsync("https://api.openai.com/v1/audio/transcriptions",
            Form(), Encoding.UTF8.GetBytes("Zwei und zwei ist vier – so ist es."), contentType);

        record.Should().BeEquivalentTo(new
        {
            Protocol = "openai-audio",
            Operation = "transcription",
            Outcome = StreamOutcome.Completed,
            OutputSource = TokenSource.Estimated,
            OutputCharacters = 35,
            Context = new { Model = "whisper-9" },
        });
    }

    [Theory]
    [InlineData("https://api.openai.com/v1/audio/transcriptions", "text/html")]
    [InlineData("https://api.openai.com/v1/audio/transcriptions", "text/plain")]
    public async Task The_page_of_a_failed_request_is_no_transcript(string uri, string contentType)
    {
        UsageRecord record = await AskAsync(
            uri, Form(), "<html>Bad gateway</html>"u8.ToArray(), contentType, statusCode: HttpStatusCode.BadGateway);

        record.Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.ProviderError,
            StatusCode = 502,
            OutputSource = TokenSource.None,
            OutputCharacters = 0,
        });
    }

    [Fact]
    public async Task An_empty_recording_is_no_answer()
    {
        UsageRecord record = await AskAsync("https://api.openai.com/v1/audio/speech", new StringContent("{}"), [], "audio/mpeg");

        record.Outcome.Should().Be(StreamOutcome.Empty);
    }

    [Fact]
    public async Task An_upload_is_estimated_by_the_length_of_its_recording_and_its_prompt()
    {
        // Of a second of sound: 16 kHz, 16 bits, mono.
        UsageRecord record = await AskAsync("https://api.openai.com/v1/audio/transcriptions",
            Form(Wav(seconds: 30), "Numbers."), Encoding.UTF8.GetBytes("""{"text":"Four."}"""), "application/json");

        record.Should().BeEquivalentTo(
            new { Outcome = StreamOutcome.Completed, InputSource = TokenSource.Estimated, Context = new { Model = "whisper-9" } });
        record.Usage.InputTokens.Should().BeInRange(300, 303, "10 tokens a second, and the prompt");
    }

    private static MultipartFormDataContent Form(byte[]? file = null, string? prompt = null)
    {
        var form = new MultipartFormDataContent();
        var recording = new ByteArrayContent(file ?? Recording) { Headers = { ContentType = new MediaTypeHeaderValue("audio/wav") } };
        form.Add(recording, "file", "speech.wav");
        form.Add(new StringContent("whisper-9"), "model");
        if (prompt is not null)
        {
            form.Add(new StringContent(prompt), "prompt");
        }

        return form;
    }

    private static byte[] Wav(int seconds)
    {
        const int BytesASecond = 32_000;
        var wav = new byte[44 + (seconds * BytesASecond)];
        "RIFF"u8.CopyTo(wav);
        "WAVEfmt "u8.CopyTo(wav.AsSpan(8));
        BitConverter.TryWriteBytes(wav.AsSpan(16), 16);
        BitConverter.TryWriteBytes(wav.AsSpan(28), BytesASecond);
        return wav;
    }

    private async Task<UsageRecord> AskAsync(
        string uri,
        HttpContent request,
        byte[] answer,
        string contentType,
        bool isReadToItsEnd = true,
        HttpStatusCode statusCode = HttpStatusCode.OK)
    {
        using var client = new HttpClient(
            new UsageTrackingHandler(_tracker) { InnerHandler = new Provider(answer, contentType, statusCode) });
        using var message = new HttpRequestMessage(HttpMethod.Post, uri) { Content = request };
        using (HttpResponseMessage response =
            await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            await using Stream body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            var seen = new MemoryStream();
            if (isReadToItsEnd)
            {
                await body.CopyToAsync(seen, TestContext.Current.CancellationToken);
                seen.ToArray().Should().Equal(answer);
            }
            else
            {
                await body.ReadExactlyAsync(new byte[100], TestContext.Current.CancellationToken);
            }
        }

        await _tracker.DisposeAsync();
        return _sink.Records.Should().ContainSingle().Which;
    }

    /// <summary>
    /// Answers with a body in small pieces, of which the length is not known, once it has taken in the request.
    /// </summary>
    private sealed class Provider(byte[] answer, string contentType, HttpStatusCode statusCode) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            var content = new StreamContent(new PiecewiseStream(answer, 7));
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            return new HttpResponseMessage(statusCode) { Content = content };
        }
    }
}
