namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>Short texts of kinds that the pairs hardly have: for the rule over character classes, and to say how each
/// kind does.</summary>
internal static class SampleTexts
{
    public static IReadOnlyList<(string Kind, string Text)> All { get; } =
    [
        ("English", "The old library stood at the end of the street, and nobody remembered who had built it. On winter evenings its "
            + "windows were lit until late, and the few who passed could see a man at a desk, reading."),
        ("English", "We'll need three things before we start: a list of the orders, the prices they were made at, and someone who knows "
            + "how returns are booked. Without these, any number we report is a guess."),
        ("German", "Die alte Bibliothek stand am Ende der Straße, und niemand erinnerte sich, wer sie gebaut hatte. An Winterabenden waren "
            + "ihre Fenster lange erleuchtet, und die wenigen, die vorübergingen, sahen einen Mann am Schreibtisch."),
        ("French", "La vieille bibliothèque se dressait au bout de la rue, et personne ne se rappelait qui l'avait bâtie. Les soirs "
            + "d'hiver, ses fenêtres restaient éclairées très tard, et les passants voyaient un homme à son bureau."),
        ("Russian", "Старая библиотека стояла в конце улицы, и никто не помнил, кто её построил. Зимними вечерами её окна светились "
            + "допоздна, и редкие прохожие видели человека за столом."),
        ("Arabic",
            "كانت المكتبة القديمة تقف في آخر الشارع، ولم يكن أحد يتذكر من بناها. وفي أمسيات الشتاء كانت نوافذها مضاءة حتى وقت متأخر."),
        ("Chinese", "旧图书馆坐落在街道尽头，没有人记得是谁建造的。冬天的夜晚，它的窗户一直亮到很晚，少数路过的人能看见一个男人坐在桌前读书。我们需要三样东西：订单清单、当时的价格，以及懂得退货记账的人。"),
        ("Chinese", "人工智能模型按词元计费，因此准确计算每一次请求的用量非常重要。如果连接中断，服务器不会返回最终的用量，只能根据已经收到的内容进行估算。"),
        ("Japanese", "古い図書館は通りの端に立っていて、誰が建てたのか誰も覚えていなかった。冬の夜には窓の明かりが遅くまでともり、通りかかる人には机に向かって本を読む男の姿が見えた。"),
        ("Korean", "오래된 도서관은 거리 끝에 서 있었고, 누가 지었는지 기억하는 사람은 없었다. 겨울 저녁이면 창문이 늦게까지 밝혀져 있었고, 지나가는 사람들은 책상에 앉아 책을 읽는 남자를 볼 수 있었다."),
        ("Hindi", "पुराना पुस्तकालय सड़क के अंत में खड़ा था, और किसी को याद नहीं था कि इसे किसने बनाया था। सर्दियों की शामों में इसकी "
            + "खिड़कियाँ देर तक जलती रहती थीं।"),
        ("emoji",
            "Great job! 🎉🎉 The build is green ✅ and the tests pass 🚀. Coffee ☕ or tea 🍵? 👩‍💻👨‍👩‍👧‍👦 See you tomorrow 👋🏽 ❤️"),
        ("emoji", "😀😃😄😁😆😅😂🤣😊😇🙂🙃😉😌😍🥰😘😗😙😚😋😛😝😜🤪🤨🧐🤓😎🤩🥳"),
        ("code", "public static int Sum(ReadOnlySpan<int> values)\n{\n    int total = 0;\n    for (int i = 0; i < values.Length; i++)\n"
            + "    {\n        total += values[i];\n    }\n\n    return total;\n}\n"),
        ("code", "def read_lines(path):\n    with open(path, encoding='utf-8') as file:\n"
            + "        for number, line in enumerate(file, start=1):\n            if line.strip() and not line.startswith('#'):\n"
            + "                yield number, line.rstrip('\\n')\n"),
        ("code", "SELECT c.name, SUM(o.total) AS revenue FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.created_at >= "
            + "'2025-01-01' GROUP BY c.name ORDER BY revenue DESC LIMIT 10;"),
        ("JSON", "{\"orders\":[{\"id\":1042,\"customer\":\"Meyer\",\"total\":129.90,\"paid\":true},{\"id\":1043,\"customer\":\"Okafor\","
            + "\"total\":58.00,\"paid\":false,\"notes\":null}],\"next\":\"/orders?page=2\"}"),
        ("JSON", "{\n  \"type\": \"object\",\n  \"properties\": {\n"
            + "    \"city\": { \"type\": \"string\", \"description\": \"The city's name\" },\n"
            + "    \"days\": { \"type\": \"integer\", \"minimum\": 1 }\n  },\n  \"required\": [\"city\"]\n}"),
        ("Markdown", "## Results\n\n- **Speed**: 3.2x faster\n- **Memory**: 40% less\n\n"
            + "| run | ms |\n| --- | ---: |\n| before | 128.4 |\n| after | 40.1 |\n\n1. Install it.\n2. Run `dotnet test`.\n"),
        ("numbers", "2025-11-24 07:31:38.123 10.0.0.17 200 1523 0.084\n2025-11-24 07:31:39.004 10.0.0.18 404 312 0.011\n"
            + "3.14159265358979 2.71828182845905 1.41421356237310\n"),
        ("base64", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
    ];
}
