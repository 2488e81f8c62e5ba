using System.Buffers.Binary;
using System.Buffers.Text;

namespace StreamUsage.Estimation.Media;

/// <summary>Estimates a recording's length from its size. The header of a WAV contains its bytes per second. Other
/// files are assumed to have YouTube's recommended bit rates ("Recommended upload encoding settings"): 128 kbit/s for
/// mono audio, 2.5 Mbit/s for 480p video.</summary>
internal static class RecordingLength
{
    /// <summary>The assumed seconds of a recording that is not in the request.</summary>
    public const double Unknown = 60;

    private const double AudioBytesPerSecond = 128_000 / 8;
    private const double VideoBytesPerSecond = 2_500_000 / 8;

    // 16 kHz, 16 bits, mono: the input of Gemini and of speech models in general.
    private const double PcmBytesPerSecond = 32_000;

    // Base64 has four characters for three bytes.
    private const double BytesPerCharacter = 0.75;

    public static double VideoSeconds(ReadOnlySpan<byte> base64) => base64.Length * BytesPerCharacter / VideoBytesPerSecond;

    /// <summary>Returns the seconds of audio.</summary>
    /// <param name="base64">The recording.</param>
    /// <param name="isPcm">Whether it is uncompressed, without a header.</param>
    public static double AudioSeconds(ReadOnlySpan<byte> base64, bool isPcm) =>
        base64.Length * BytesPerCharacter
        / (TryReadWav(base64, out double bytesPerSecond) ? bytesPerSecond : isPcm ? PcmBytesPerSecond : AudioBytesPerSecond);

    // "RIFF", size, "WAVE", and usually "fmt ", size, format, channels, samples per second, bytes per second.
    private static bool TryReadWav(ReadOnlySpan<byte> base64, out double bytesPerSecond)
    {
        bytesPerSecond = PcmBytesPerSecond;
        Span<byte> header = stackalloc byte[33];
        Base64.DecodeFromUtf8(base64[..Math.Min(base64.Length, 44)], header, out _, out int written, isFinalBlock: false);
        header = header[..written];
        if (!header.StartsWith("RIFF"u8) || header.Length < 32 || !header[8..].StartsWith("WAVE"u8))
        {
            return false;
        }

        if (header[12..].StartsWith("fmt "u8) && BinaryPrimitives.ReadUInt32LittleEndian(header[28..]) is > 0 and uint stated)
        {
            bytesPerSecond = stated;
        }

        return true;
    }
}
