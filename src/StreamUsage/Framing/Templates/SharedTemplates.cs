using System.Runtime.InteropServices;

namespace StreamUsage.Framing.Templates;

/// <summary>Shapes in which nothing is a stream's own: other streams show the same, and one object serves them all.
/// What it says of itself (which holes change) may be said by any of them. A table of fixed size, where a newer shape
/// takes an older one's place. That a shape holds for a stream is found out for each stream, whoever made it.</summary>
internal static class SharedTemplates
{
    private const int Places = 64;

    private static readonly EventTemplate?[] s_shapes = new EventTemplate?[Places];
    private static readonly TemplateSlot[]?[] s_slots = new TemplateSlot[]?[Places];

    /// <summary>The shape that is made of these, or was.</summary>
    public static EventTemplate Get(ReadOnlySpan<byte> sample, ReadOnlySpan<TemplateSlot> holes, int dataStart, int dataEnd)
    {
        foreach (TemplateSlot hole in holes)
        {
            if (hole.Kind is not (HoleKind.Number or HoleKind.Output))
            {
                return new EventTemplate(sample, Slots(holes), dataStart, dataEnd, isShared: false);
            }
        }

        var hash = default(HashCode);
        hash.AddBytes(sample);
        ref EventTemplate? place = ref s_shapes[(uint)hash.ToHashCode() % Places];
        return place is { } known && known.Is(sample, holes, dataStart, dataEnd)
            ? known : place = new EventTemplate(sample, Slots(holes), dataStart, dataEnd, isShared: true);
    }

    // Where slots lie is seldom a stream's own, even where the sample is.
    private static TemplateSlot[] Slots(ReadOnlySpan<TemplateSlot> slots)
    {
        var hash = default(HashCode);
        hash.AddBytes(MemoryMarshal.AsBytes(slots));
        ref TemplateSlot[]? place = ref s_slots[(uint)hash.ToHashCode() % Places];
        return place is { } known && slots.SequenceEqual(known) ? known : place = slots.ToArray();
    }
}
