using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

/// <summary>Decides whether the data of an event that the body's end cut off is whole.</summary>
internal static class UnfinishedData
{
    /// <summary>Returns the whole part of the data: all of it, or the whole values that it begins with; empty if there
    /// are none.</summary>
    public static ReadOnlySpan<byte> WholeOf(ReadOnlySpan<byte> data)
    {
        if (IsWhole(data))
        {
            return data;
        }

        int length = JsonValues.LengthOfWhole(data);
        return length != 0 && IsWholeEach(data[..length]) ? data[..length] : default;
    }

    /// <summary>Returns whether the data is whole JSON or <c>[DONE]</c>.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> data)
    {
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            return true;
        }

        try
        {
            var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 1024 });
            bool any = false;
            while (reader.Read())
            {
                any = true;
            }

            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsWholeEach(ReadOnlySpan<byte> data)
    {
        var values = new JsonValues(data);
        while (values.Next(out ReadOnlySpan<byte> value))
        {
            if (!IsWhole(value))
            {
                return false;
            }
        }

        return true;
    }
}
