using System.Runtime.InteropServices;

namespace StreamUsage.Framing.Templates;

/// <summary>Shares templates between streams if nothing in them is specific to one. The table has a fixed size, and a
/// newer template replaces an older one. Each stream still learns its templates itself.</summary>
internal static class SharedTemplates
{
    private const int Places = 64;

    private static readonly EventTemplate?[] s_templates = new EventTemplate?[Places];
    private static readonly TemplateSlot[]?[] s_slots = new TemplateSlot[]?[Places];

    /// <summary>Returns the shared template of these parts, or creates it.</summary>
    public static EventTemplate Get(ReadOnlySpan<byte> sample, ReadOnlySpan<TemplateSlot> slots, int dataStart, int dataEnd)
    {
        foreach (TemplateSlot slot in slots)
        {
            if (slot.Kind is not (SlotKind.Number or SlotKind.Output))
            {
                return new EventTemplate(sample, Slots(slots), dataStart, dataEnd, isShared: false);
            }
        }

        var hash = default(HashCode);
        hash.AddBytes(sample);
        ref EventTemplate? place = ref s_templates[(uint)hash.ToHashCode() % Places];
        return place is { } known && known.Is(sample, slots, dataStart, dataEnd)
            ? known : place = new EventTemplate(sample, Slots(slots), dataStart, dataEnd, isShared: true);
    }

    // Streams mostly share the slots' places, even if the samples differ.
    private static TemplateSlot[] Slots(ReadOnlySpan<TemplateSlot> slots)
    {
        var hash = default(HashCode);
        hash.AddBytes(MemoryMarshal.AsBytes(slots));
        ref TemplateSlot[]? place = ref s_slots[(uint)hash.ToHashCode() % Places];
        return place is { } known && slots.SequenceEqual(known) ? known : place = slots.ToArray();
    }
}
