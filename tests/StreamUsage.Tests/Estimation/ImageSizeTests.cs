using System.Text;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Media;

namespace StreamUsage.Tests.Estimation;

/// <summary>Headers written by hand from the formats' own descriptions (PNG 11.2.2, GIF89a 18, RFC 9649, JPEG
/// B.2.2).</summary>
public sealed class ImageSizeTests
{
    public static TheoryData<string, byte[]> Headers => new()
    {
        { "PNG", [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13, .. "IHDR"u8, 0, 0, 0x04, 0x00, 0, 0, 0x02, 0x58, 8, 6, 0, 0, 0] },
        { "GIF", [.. "GIF89a"u8, 0x00, 0x04, 0x58, 0x02, 0xF7, 0, 0] },
        { "WebP, lossy", [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8 "u8, 0, 0, 0, 0, 0, 0, 0, 0x9D, 0x01, 0x2A, 0x00, 0x04, 0x58, 0x02] },
        { "WebP, lossless", [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8L"u8, 0, 0, 0, 0, 0x2F, 0xFF, 0xC3, 0x95, 0x00] },
        { "WebP, extended", [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0x03, 0x00, 0x57, 0x02, 0x00] },
        { "JPEG",
            [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, .. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xFF, 0xC2, 0, 17, 8, 0x02, 0x58, 0x04, 0x00, 3] },
        { "JPEG with a preview",
            [0xFF, 0xD8, 0xFF, 0xE1, 0xEA, 0x60, .. new byte[59_998], 0xFF, 0xC0, 0, 17, 8, 0x02, 0x58, 0x04, 0x00, 3] },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void TryRead_finds_the_size_in_the_header(string format, byte[] header)
    {
        byte[] base64 = Encoding.ASCII.GetBytes(Convert.ToBase64String([.. header, .. new byte[100]]));

        ImageSize.TryRead(base64, out int width, out int height).Should().BeTrue(format);
        (width, height).Should().Be((1024, 600));
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public void TryRead_of_a_header_cut_anywhere_never_throws(string format, byte[] header)
    {
        byte[] base64 = Encoding.ASCII.GetBytes(Convert.ToBase64String(header));
        for (int length = 0; length < Math.Min(base64.Length, 200); length++)
        {
            FluentActions.Invoking(() => ImageSize.TryRead(base64.AsSpan(0, length), out _, out _)).Should().NotThrow(format);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64 at all, but long enough to be looked at as if it were some")]
    [InlineData("iVBORw0KGgo=")]
    public void TryRead_of_something_else_finds_none(string data) =>
        ImageSize.TryRead(Encoding.UTF8.GetBytes(data), out _, out _).Should().BeFalse();

    // The providers' own examples: Anthropic ("Vision": 1000 × 1000 is about 1334), OpenAI ("Images and vision": 1024 ×
    // 1024 is 765, 2048 × 4096 is 1105, low detail 85), Google (258 a tile of 768).
    [Theory]
    [InlineData("claude-sonnet-4-5", 1000, 1000, 1333)]
    [InlineData("claude-sonnet-4-5", 200, 200, 53)]
    [InlineData("gpt-4o", 1024, 1024, 765)]
    [InlineData("gpt-4o", 2048, 4096, 1105)]
    [InlineData("gpt-4o", 0, 0, 85)]
    [InlineData("gemini-2.5-pro", 384, 384, 258)]
    [InlineData("gemini-2.5-pro", 1536, 768, 516)]
    public void An_image_costs_what_its_provider_says(string model, int width, int height, int tokens) =>
        ImageTokens.Count(new ModelTokenEstimator().FindFamily(model).Image, width, height).Should().BeApproximately(tokens, 1);
}
