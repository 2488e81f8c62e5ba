using System.Buffers.Binary;
using System.Buffers.Text;

namespace StreamUsage.Estimation.Media;

/// <summary>
/// How long a recording lasts, by its size: exact for a WAV, whose header says its bytes a second; else at a usual bit rate, those that YouTube recommends for uploads ("Recommended upload encoding settings"): 128 kbit/s
/// for mono sound, 2.5 Mbit/s for video of 480 lines.
/// </summary>
internal static class RecordingLength
{
    /// <summary>Seconds of a recording that is not in the request. A guess.</summary>
    public const double Unknown = 60;

    private const double SoundBytesASecond = 128_000 / 8;
    private const double VideoBytesASecond = 2_500_000 / 8;

    // 16 kHz, 16 bits, mono: what Gemini takes, and speech models in general.
    private const double SamplesBytesASecond = 32_000;

    // Base64: four characters for three bytes.
    private const double BytesACharacter = 0.75;

    public static double VideoSeconds(ReadOnlySpan<byte> base64) => base64.Length * BytesACharacter / VideoBytesASecond;

    /// <summary>Seconds of sound.</summary>
    /// <param name="base64">The recording.</param>
    /// <param name="isSamples">Whether it is bare samples, without compression or header.</param>
    public static double AudioSeconds(ReadOnlySpan<byte> base64, bool isSamples) =>
        base64.Length * BytesACharacter / (TryReadWav(base64, out double bytesASecond) ? bytesASecond : isSamples ? SamplesBytesASecond : SoundBytesASecond);

    // "RIFF", size, "WAVE", and as a rule next "fmt ", size, format, channels, samples a second, bytes a second.
    private static bool TryReadWav(ReadOnlySpan<byte> base64, out double bytesASecond)
    {
        bytesASecond = SamplesBytesASecond;
        Span<byte> header = stackalloc byte[33];
        Base64.DecodeFromUtf8(base64[..Math.Min(base64.Length, 44)], header, out _, out int written, isFinalBlock: false);
        header = header[..written];
        if (!header.StartsWith("RIFF"u8) || header.Length < 32 || !header[8..].StartsWith("WAVE"u8))
        {
            return false;
        }

        if (header[12..].StartsWith("fmt "u8) && BinaryPrimitives.ReadUInt32LittleEndian(header[28..]) is > 0 and uint said)
        {
            bytesASecond = said;
        }

        return true;
    }
}
