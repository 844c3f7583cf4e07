const number = new URLSearchParams(location.search).get('order') ?? '';
document.getElementById('number').textContent = number;
